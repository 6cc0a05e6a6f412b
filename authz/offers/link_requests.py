"""Whether a request for another `parentAccess` can be accepted now (N3, T14).

The account's field and the answer call the same stored function, `parent_access_request_stands`.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)

from authz.guards.parent_link import PASSING
from authz.offers.rows import giver_row, offer_row
from authz.policy.permissions import ALL_PERMISSIONS, Permission, allows, mask_literal
from authz.reach.grants import granted_mask, lasting_grants, passed_mask
from authz.reach.status import effective_status
from models.accounts.tables import AccountStatus, account_closure, accounts
from models.accounts.trees import in_tree
from models.parent_access.requests import parent_access_requests


def request_stands(request: FromClause) -> ColumnElement[bool]:
    """Whether the asker could still ask for the other `parentAccess`, and it can be accepted. In a closed
    account only a change by which the parent gives up rights can be."""
    return func.parent_access_request_stands(request.c.master_id, request.c.account_id, type_=Boolean())


def standing_of_request() -> Select[Any]:
    """The rules of `authz.guards.parent_link`: an asker for the parent holds SETTINGS_WRITE in it and below
    it. An asker for the account holds SETTINGS_WRITE by a grant there, and what those above would gain."""
    offer, account, path = (
        offer_row(parent_access_requests, "account_id"),
        accounts.alias(),
        account_closure.alias(),
    )
    giver = giver_row(offer, offer.c.asker_user_id, offer.c.asker_api_key_id)
    grants = lasting_grants(giver).cte("giver_grants")
    held_above = granted_mask(path, grants).op("&")(passed_mask(path, grants))
    leads = in_tree(path, grants, ancestor_id="account_id")
    to_parent = in_tree(path, account, descendant_id="parent_id")
    above = exists(
        select(path.c.depth)
        .select_from(grants.join(path, leads))
        .where(to_parent, allows(held_above, Permission.SETTINGS_WRITE))
        .correlate(account)
    )
    own = (
        select(
            func.coalesce(func.bit_or(grants.c.own_mask), literal_column("0")).label("mask"),
            func.coalesce(func.bit_or(grants.c.below_mask), literal_column("0")).label("below_mask"),
        )
        .where(in_tree(grants, account, account_id="id"))
        .correlate(account)
        .lateral("own")
    )
    gained = _gained(account.c.parent_access, offer.c.parent_access)
    speaks = and_(
        allows(own.c.mask, Permission.SETTINGS_WRITE),
        own.c.mask.op("&")(gained) == gained,
        own.c.below_mask.op("&")(gained) == gained,
    )
    closed = effective_status(account) == AccountStatus.CLOSED.value
    answerable = or_(~closed, gained == literal_column("0"))
    of_offer = in_tree(account, offer, id="account_id")
    return (
        select(and_(case((offer.c.from_above, above), else_=speaks), answerable))
        .select_from(offer)
        .join(account, of_offer)
        .join(own, true())
    )


def _gained(old: ColumnElement[str], new: ColumnElement[str]) -> ColumnElement[int]:
    """What those above may do in the new mode and could not in the old one: a mask."""
    found = [
        _mask(new, name).op("&")(_mask(old, name).op("#")(mask_literal(ALL_PERMISSIONS)))
        for name in ("at_rest", "at_most")
    ]
    return found[0].op("|")(found[1]).op("&")(mask_literal(ALL_PERMISSIONS))


def _mask(mode: ColumnElement[str], name: str) -> ColumnElement[int]:
    masks = {one.value: getattr(passing, name) & ALL_PERMISSIONS for one, passing in PASSING.items()}
    return case(*((mode == value, mask_literal(mask)) for value, mask in masks.items()))
