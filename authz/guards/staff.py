"""The guard of writes by platform staff: a person who is staff at that moment, and one account (R88, T36)."""

import functools
from dataclasses import dataclass

from sqlalchemy import Uuid, bindparam, exists, select

from authz.callers.principals import Principal
from authz.guards.locks import lock_path
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.reach.status import effective_status
from authz.wall.row_security import enter_by
from authz.wall.staff_door import entering_as_staff
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import this_account
from models.base.ids import AccountId, MasterId, UserId
from models.staff.tables import StaffRole, staff


@dataclass(frozen=True)
class StaffAtWork:
    """A member of staff, who stays one until the transaction ends, and one locked account."""

    user_id: UserId
    role: StaffRole
    master_id: MasterId
    account_id: AccountId


async def authorize_staff(session: WriteSession, principal: Principal, account_id: AccountId) -> StaffAtWork:
    """Let staff work on the account. The rest of the transaction sees the account's tree and no other.

    Raises NotFound where the caller is no staff and where the account does not exist (N20), and OWN_TREE for
    staff who are members or guests of the account's tree.
    """
    values = principal.credentials.binds | {"account_id": account_id}
    row = next(iter(await enter_by(session, _entering(), values)), None)
    if row is None:
        raise NotFound
    master_id = MasterId(row.entered_tree)
    await lock_path(session, master_id, account_id)
    if row.entered_own:
        raise Refusal(RefusalCode.OWN_TREE)
    return StaffAtWork(UserId(row.entered_user_id), StaffRole(row.entered_role), master_id, account_id)


async def is_staff(session: WriteSession, user_id: UserId) -> bool:
    """Whether the person is staff, such as the one who did the first half of something."""
    there = select(exists().where(staff.c.user_id == user_id))
    return (await session.execute(there)).scalar_one()


async def refuse_closed(session: WriteSession, at_work: StaffAtWork) -> None:
    """Raise ACCOUNT_CLOSED where the account, or one above it, is closed: nothing is given there."""
    status = select(effective_status(accounts)).where(this_account(accounts, at_work))
    if (await session.execute(status)).scalar_one() == AccountStatus.CLOSED.value:
        raise Refusal(RefusalCode.ACCOUNT_CLOSED)


@functools.cache
def _entering() -> FixedStatement:
    entered = entering_as_staff(bindparam("account_id", type_=Uuid()))
    return FixedStatement(select(*entered.c))
