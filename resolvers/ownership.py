"""Who owns an account: at least one person once there was one (T4), at most one account a person (R46)."""

import uuid

from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from authz.builtin_roles import BuiltinRole
from authz.guard import Authorized
from authz.refusals import Refusal, RefusalCode
from engine.write_sessions import WriteSession
from models.accounts import AccountStatus, accounts
from models.identifiers import UserId
from models.members import memberships
from models.users import ownerships


async def take_ownership(session: WriteSession, account: Authorized, user_id: UserId) -> None:
    """Note that the person owns the account. Raises ALREADY_OWNS_ACCOUNT where it owns another."""
    values = {"user_id": user_id, "master_id": account.master_id, "account_id": account.account_id}
    owned = select(ownerships.c.account_id).where(ownerships.c.user_id == user_id)
    account_id = None
    # An ownership that stands in the way may end before it can be looked at: then it is tried again.
    while account_id is None:
        await session.execute(insert(ownerships).values(values).on_conflict_do_nothing())
        account_id = (await session.execute(owned)).scalar_one_or_none()
    if account_id != account.account_id:
        raise Refusal(RefusalCode.ALREADY_OWNS_ACCOUNT)


async def give_up_ownership(
    session: WriteSession, account: Authorized, user_id: UserId, membership_id: uuid.UUID
) -> None:
    """Note that the person owns the account no longer. Raises LAST_OWNER; a closed account needs no owner.

    The account is locked, so the owners that are counted cannot leave meanwhile.
    """
    others = select(func.count()).where(
        memberships.c.master_id == account.master_id,
        memberships.c.account_id == account.account_id,
        memberships.c.role_id == BuiltinRole.OWNER.id,
        memberships.c.id != membership_id,
    )
    is_closed = select(accounts.c.status == AccountStatus.CLOSED.value).where(
        accounts.c.master_id == account.master_id, accounts.c.id == account.account_id
    )
    facts = select(others.scalar_subquery().label("others"), is_closed.scalar_subquery().label("closed"))
    found = (await session.execute(facts)).one()
    if not found.others and not found.closed:
        raise Refusal(RefusalCode.LAST_OWNER)
    # Whoever owned an account that was closed may own another by now.
    owned = and_(ownerships.c.user_id == user_id, ownerships.c.account_id == account.account_id)
    await session.execute(delete(ownerships).where(owned))


async def release_owners(session: WriteSession, account: Authorized) -> None:
    """A closed account is owned by nobody: its owners may own another."""
    await session.execute(delete(ownerships).where(ownerships.c.account_id == account.account_id))
