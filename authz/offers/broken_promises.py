"""Which promises of accounts an open offer would break once it is accepted (N13).

The check when an offer is made, the lists and the acceptance call the same stored functions, one for each
kind of offer. Each gives the ids of the promises as an array; none for an offer that is not open any more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    any_,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.types import TypeEngine

from authz.guards.parent_link import PASSING
from authz.offers.rows import offer_row
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import mask_literal
from authz.reach.everybody import holders_beside
from authz.reach.grants import below_mask, granted_mask, share_mask
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.invitations.tables import invitations
from models.members.ownership_offers import ownership_offers
from models.members.tables import memberships
from models.parent_access.requests import parent_access_requests
from models.people.holders import holder_of
from models.promises.tables import access_promise_exceptions, access_promises
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares

_IDS: TypeEngine[Any] = ARRAY(Uuid)


@dataclass(frozen=True)
class OfferKind:
    """A kind of offer. `function`: the stored one that takes the tree's id and the `key` of the offer."""

    function: str
    key: str
    promises: Callable[[], Select[Any]]

    def broken(self, offer: FromClause) -> ColumnElement[list[Any]]:
        """The ids of the promises that this offer would break."""
        of_offer = offer.c.master_id, offer.c[self.key]
        ids: ColumnElement[list[Any]] = getattr(func, self.function)(*of_offer, type_=ARRAY(Uuid))
        return ids


def _of_invitation() -> Select[Any]:
    offer, role, account = offer_row(invitations), roles.alias(), accounts.alias()
    of_offer = in_tree(account, offer, id="account_id")
    given = (
        select(
            *(offer.c.master_id, offer.c.account_id, offer.c.role_id, role.c.member_mask.label("own_mask")),
            below_mask(role, account).label("below_mask"),
            holder_of(offer.c.email_canonical).label("holder_id"),
        )
        .select_from(offer)
        .join(account, of_offer)
        .join(role, role.c.id == offer.c.role_id)
        .where(offer.c.accepted_at.is_(None), offer.c.revoked_at.is_(None), offer.c.expires_at > func.now())
    )
    return _kept_from(given)


def _of_share() -> Select[Any]:
    offer, role, opened = offer_row(shares), roles.alias(), share_accounts.alias()
    given = (
        select(
            *(offer.c.master_id, opened.c.account_id, offer.c.role_id),
            share_mask(offer, role).label("own_mask"),
            literal_column("0", BigInteger).label("below_mask"),
            holder_of(offer.c.email_canonical).label("holder_id"),
        )
        .select_from(offer)
        .join(opened, in_tree(opened, offer, share_id="id"))
        .outerjoin(role, role.c.id == offer.c.role_id)
        .where(offer.c.user_id.is_(None), offer.c.revoked_at.is_(None), offer.c.link_expires_at > func.now())
    )
    return _kept_from(given)


def _of_ownership_offer() -> Select[Any]:
    """The one becomes an owner, the other one an administrator."""
    offer = offer_row(ownership_offers, "account_id")
    becomes = (
        (offer.c.to_membership_id, BuiltinRole.OWNER),
        (offer.c.from_membership_id, BuiltinRole.ADMINISTRATOR),
    )
    return _kept_from(union_all(*(_as(offer, member_id, role) for member_id, role in becomes)))


def _as(offer: FromClause, member_id: ColumnElement[Any], new: BuiltinRole) -> Select[Any]:
    role, account, member = roles.alias(), accounts.alias(), memberships.alias()
    return (
        select(
            *(offer.c.master_id, offer.c.account_id, role.c.id.label("role_id")),
            role.c.member_mask.label("own_mask"),
            below_mask(role, account).label("below_mask"),
            member.c.user_id.label("holder_id"),
        )
        .select_from(offer)
        .join(account, in_tree(account, offer, id="account_id"))
        .join(member, and_(in_tree(member, offer), member.c.id == member_id))
        .join(role, role.c.id == literal_column(f"'{new.id}'", Uuid))
        .where(offer.c.expires_at > func.now())
    )


def _of_parent_access_request() -> Select[Any]:
    """Of those below the account, as those above would reach them by the other mode; and of the account
    itself, unless it is asked: its owners can accept for the reason of the request."""
    offer, account = offer_row(parent_access_requests, "account_id"), accounts.alias()
    up, down, promise = account_closure.alias(), account_closure.alias(), access_promises.alias("promise")
    masks = {mode.value: mask_literal(passing.at_rest) for mode, passing in PASSING.items()}
    passes = case(masks, value=offer.c.parent_access)
    path = (
        select(
            *(up.c.master_id, up.c.ancestor_id, down.c.descendant_id),
            and_(offer.c.from_above, down.c.depth == literal_column("0")).label("asked"),
            (up.c.depth + down.c.depth + 1).label("depth"),
            up.c.passed_mask.op("&")(passes).op("&")(down.c.passed_mask).label("passed_mask"),
        )
        .select_from(offer)
        .join(account, in_tree(account, offer, id="account_id"))
        .join(up, in_tree(up, account, descendant_id="parent_id"))
        .join(down, in_tree(down, account, ancestor_id="id"))
        .where(offer.c.expires_at > func.now())
        .cte("path")
    )
    to_promise = path.c.descendant_id == literal_column("promise.account_id", Uuid)
    found = holders_beside(
        select(*path.c).where(to_promise).subquery("led"),
        literal_column("promise.permission", BigInteger),
        literal_column("promise.role_ids", _IDS),
    ).subquery("found")
    holder_id = func.coalesce(found.c.user_id, found.c.api_key_id)
    return _ids(
        promise,
        promise.c.master_id.in_(select(path.c.master_id)),
        promise.c.account_id.in_(select(path.c.descendant_id).where(~path.c.asked)),
        exists(select(found.c.user_id).where(~_excepted(promise, holder_id))),
    )


INVITATION = OfferKind("invitation_breaks", "id", _of_invitation)
SHARE = OfferKind("share_breaks", "id", _of_share)
OWNERSHIP_OFFER = OfferKind("ownership_offer_breaks", "account_id", _of_ownership_offer)
PARENT_ACCESS_REQUEST = OfferKind("parent_access_request_breaks", "account_id", _of_parent_access_request)
OFFER_KINDS = (INVITATION, SHARE, OWNERSHIP_OFFER, PARENT_ACCESS_REQUEST)


def _kept_from(given: Any) -> Select[Any]:
    """The promises that keep what is given from its holder. `given`: as grants (master_id, account_id,
    role_id, own_mask, below_mask), with the person (holder_id; null: nobody known)."""
    gift, promise, path = given.cte("given"), access_promises.alias("promise"), account_closure.alias("path")
    kept = (
        select(gift.c.account_id)
        .select_from(gift)
        .join(path, in_tree(path, gift, ancestor_id="account_id"))
        .where(
            in_tree(path, promise, descendant_id="account_id"),
            granted_mask(path, gift).op("&")(promise.c.permission) != literal_column("0"),
            or_(gift.c.role_id.is_(None), ~(gift.c.role_id == any_(promise.c.role_ids))),
            ~_excepted(promise, gift.c.holder_id),
        )
        .correlate(promise)
    )
    return _ids(promise, promise.c.master_id.in_(select(gift.c.master_id)), exists(kept))


def _ids(promise: FromClause, *kept: ColumnElement[bool]) -> Select[Any]:
    """The ids of those that hold, the oldest first."""
    ids = func.array_agg(aggregate_order_by(promise.c.id, promise.c.id))
    return select(ids).where(promise.c.ended_at.is_(None), *kept)


def _excepted(promise: FromClause, holder_id: ColumnElement[Any]) -> ColumnElement[bool]:
    excepted = access_promise_exceptions.alias("excepted")
    own = in_tree(excepted, promise, promise_id="id")
    return exists(
        select(excepted.c.promise_id).where(own, excepted.c.holder_id == holder_id).correlate_except(excepted)
    )
