"""Whether an offer of ownership can be accepted now (T4, T14, R46).

The taker still has to be a member who is no owner, the owner that it comes from still an owner, and the giver
still has to hold all that an owner holds. Reads and the acceptance call the same stored function,
`ownership_offer_stands`.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)

from authz.offers.acceptance import lacks
from authz.offers.rows import giver_row, offer_row
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_literal
from authz.reach.grants import active_memberships, below_mask, grant_rows
from authz.reach.reach import mask_of_account
from authz.reach.status import effective_status
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_tree
from models.members.ownership_offers import ownership_offers
from models.roles.tables import roles

_OWNER = literal_column(f"'{BuiltinRole.OWNER.id}'", Uuid)


def offer_stands(offer: FromClause) -> ColumnElement[bool]:
    """Whether the offer can be accepted now."""
    return func.ownership_offer_stands(offer.c.master_id, offer.c.account_id)


def standing_offer() -> Select[Any]:
    offer, role, account = offer_row(ownership_offers, "account_id"), roles.alias(), accounts.alias()
    taker, previous, owner = (active_memberships().alias(name) for name in ("taker", "previous", "owner"))
    giver = giver_row(offer, offer.c.giver_user_id, offer.c.giver_api_key_id)
    granted = mask_of_account(account, grant_rows(giver).cte("giver_grants"))
    needed = role.c.member_mask.op("|")(mask_literal(Permission.ACCOUNT_TRANSFER.bit))
    of_offer = in_tree(account, offer, id="account_id")
    is_owned = exists(
        select(owner.c.id).where(
            in_tree(owner, account, account_id="id"),
            owner.c.role_id == _OWNER,
        )
    )
    still_owns = exists(
        select(previous.c.id).where(
            in_tree(previous, offer, id="from_membership_id"),
            previous.c.account_id == account.c.id,
            previous.c.role_id == _OWNER,
        )
    )
    return (
        select(account.c.id)
        .select_from(offer)
        .join(account, of_offer)
        .join(taker, in_tree(taker, offer, id="to_membership_id"))
        .join(role, role.c.id == _OWNER)
        .join(granted, true())
        .where(
            offer.c.expires_at > func.now(),
            taker.c.account_id == account.c.id,
            taker.c.role_id != _OWNER,
            effective_status(account) == AccountStatus.ACTIVE.value,
            or_(still_owns, and_(offer.c.from_membership_id.is_(None), ~is_owned)),
            ~lacks(granted.c.lasting_mask, needed),
            ~lacks(granted.c.below_mask, below_mask(role, account)),
        )
    )
