"""Ownership: an account that had an owner keeps at least one (T4), and a person owns at most one account
(R46)."""

import uuid

from sqlalchemy import ARRAY, Uuid, and_, any_, delete, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert

from authz.guards.exclusive import Authorized
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import InTree, columns_of, in_account
from models.base.ids import UserId
from models.members.ownership_offers import ownership_offers
from models.members.tables import memberships
from models.people.users import ownerships


async def take_ownership(session: WriteSession, account: Authorized, user_id: UserId) -> None:
    """Note that the person owns the account. Raises ALREADY_OWNS_ACCOUNT if the person owns another one."""
    values = {"user_id": user_id, **columns_of(account)}
    owned = select(ownerships.c.account_id).where(ownerships.c.user_id == user_id)
    account_id = None
    # A conflicting ownership may end before it is read. Then the insert is tried again.
    while account_id is None:
        await session.send_built(insert(ownerships).values(values).on_conflict_do_nothing())
        account_id = (await session.execute(owned)).scalar_one_or_none()
    if account_id != account.account_id:
        raise Refusal(RefusalCode.ALREADY_OWNS_ACCOUNT)


async def check_owns_nothing(session: WriteSession, user_id: UserId) -> None:
    """Raise ALREADY_OWNS_ACCOUNT if the person owns an account, and so could not accept an offer."""
    owned = exists().where(ownerships.c.user_id == user_id)
    if (await session.execute(select(owned))).scalar_one():
        raise Refusal(RefusalCode.ALREADY_OWNS_ACCOUNT)


async def end_offers(session: WriteSession, tree: InTree, *membership_ids: uuid.UUID) -> None:
    """End the offers to members who leave, and those of owners who stop being ones."""
    offer, theirs = ownership_offers.c, any_(literal(list(membership_ids), ARRAY(Uuid)))
    await session.send_built(
        delete(ownership_offers).where(
            offer.master_id == tree.master_id,
            or_(offer.to_membership_id == theirs, offer.from_membership_id == theirs),
        )
    )


async def give_up_ownership(
    session: WriteSession, account: Authorized, user_id: UserId, membership_id: uuid.UUID
) -> None:
    """Note that the person no longer owns the account. Raises LAST_OWNER, except for a closed account: nobody
    has to look after it, and its owners may own another one.

    The account is locked, so that the other owners stay.
    """
    if account.refused_change is RefusalCode.ACCOUNT_CLOSED:
        return
    others = select(func.count()).where(
        in_account(memberships, account),
        memberships.c.role_id == BuiltinRole.OWNER.id,
        memberships.c.id != membership_id,
    )
    if (await session.execute(others)).scalar_one() == 0:
        raise Refusal(RefusalCode.LAST_OWNER)
    owned = and_(ownerships.c.user_id == user_id, ownerships.c.account_id == account.account_id)
    await session.send_built(delete(ownerships).where(owned))


async def release_owners(session: WriteSession, account: Authorized) -> None:
    """End the ownership of a closed account, and its offers. Its owners may own another account."""
    of_account = in_account(ownership_offers, account)
    await session.send_built(delete(ownership_offers).where(of_account))
    await session.send_built(delete(ownerships).where(ownerships.c.account_id == account.account_id))
