"""Requests to platform support to unlock subaccounts, and the answers (R11, R48, R87)."""

import enum
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, insert, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.guards.staff import StaffAtWork, authorize_staff
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of
from models.base.ids import AccountId, Kind, MasterId, OverrideId, SubaccountsRequestId, new_id, present
from models.staff.overrides import OverrideKind
from models.staff.subaccounts_requests import subaccounts_requests
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record, record_of_staff
from resolvers.inputs.text import short_text
from resolvers.staff.overrides import in_force


class SubaccountSetUp(enum.StrEnum):
    """Whether customers create subaccounts without asking (R48), or only after platform support has unlocked
    subaccounts for the master account (R11, R87)."""

    SELF_SERVICE = "SELF_SERVICE"
    ON_REQUEST = "ON_REQUEST"


@dataclass(frozen=True)
class SubaccountsRequestMade:
    """A request that waits."""

    request_id: SubaccountsRequestId


async def check_unlocked(session: WriteSession, parent: Authorized, set_up: SubaccountSetUp) -> None:
    """Raise FAILED_PRECONDITION where subaccounts are not unlocked in the tree of the locked account."""
    if set_up is SubaccountSetUp.SELF_SERVICE or await _is_unlocked(session, parent.master_id):
        return
    message = (
        "Platform support unlocks subaccounts, for the whole tree: ask for it in the master account with "
        "`subaccountsRequest`."
    )
    raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "parentId")


async def request_subaccounts(
    session: WriteSession, principal: Principal, account_id: AccountId, reason: str, set_up: SubaccountSetUp
) -> SubaccountsRequestMade:
    """Ask platform support to unlock subaccounts for the tree of a master account.

    Needs SUBACCOUNTS_WRITE. Raises BAD_USER_INPUT for a subaccount, FAILED_PRECONDITION where they are
    unlocked, and CONFLICT while a request waits.
    """
    account = await authorize(session, principal, account_id, Permission.SUBACCOUNTS_WRITE)
    if account.account_id != account.master_id:
        message = "Subaccounts are unlocked for a whole tree: ask in its master account."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "accountId")
    why = short_text(reason, "reason")
    if set_up is SubaccountSetUp.SELF_SERVICE or await _is_unlocked(session, account.master_id):
        message = "Subaccounts are unlocked here: make them with `subaccountCreate`."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    if await _waits(session, account.master_id, account.account_id):
        raise Refusal(RefusalCode.CONFLICT, "A request already waits for an answer.", "accountId")
    request_id = SubaccountsRequestId(new_id())
    await session.send_built(
        insert(subaccounts_requests).values(**columns_of(account), id=request_id, reason=why)
    )
    subject_id = present(Kind.SUBACCOUNTS_REQUEST, request_id)
    after = {"reason": why}
    await record(session, principal, account, EventType.SUBACCOUNTS_REQUESTED, subject_id, None, dict(after))
    return SubaccountsRequestMade(request_id)


async def withdraw_subaccounts_request(
    session: WriteSession, principal: Principal, account_id: AccountId
) -> SubaccountsRequestMade:
    """Withdraw the request that waits.

    Needs SUBACCOUNTS_WRITE, in any status of the account. Raises FAILED_PRECONDITION where no request waits.
    """
    account = await authorize(
        session, principal, account_id, Permission.SUBACCOUNTS_WRITE, WriteKind.TAKES_AWAY
    )
    request_id = await end_subaccounts_request(session, principal, account)
    if request_id is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "No request waits for an answer.", "accountId")
    return SubaccountsRequestMade(request_id)


async def end_subaccounts_request(
    session: WriteSession, principal: Principal, account: Authorized
) -> SubaccountsRequestId | None:
    """Withdraw the request that waits in a locked account. Returns its id; None: no request waits."""
    statement = (
        update(subaccounts_requests)
        .where(_open(account.master_id, account.account_id))
        .values(withdrawn_at=func.now())
        .returning(subaccounts_requests.c.id)
    )
    request_id = (await session.execute(statement)).scalar_one_or_none()
    if request_id is None:
        return None
    subject_id = present(Kind.SUBACCOUNTS_REQUEST, request_id)
    await record(session, principal, account, EventType.SUBACCOUNTS_WITHDRAWN, subject_id)
    return SubaccountsRequestId(request_id)


async def decline_subaccounts(
    session: WriteSession, principal: Principal, account_id: AccountId, reason: str
) -> AccountId:
    """Decline the account's request, as platform staff. The account's log shows the reason.

    Raises what `authorize_staff` raises, BAD_USER_INPUT, and FAILED_PRECONDITION where no request waits.
    """
    at_work = await authorize_staff(session, principal, account_id)
    why = short_text(reason, "reason")
    declined = await _answer(session, at_work, decline_reason=why)
    if declined is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "No request waits for an answer.", "accountId")
    subject_id = present(Kind.SUBACCOUNTS_REQUEST, declined)
    await record_of_staff(session, at_work, EventType.SUBACCOUNTS_DECLINED, subject_id, None, {"reason": why})
    return at_work.account_id


async def grant_open_request(session: WriteSession, at_work: StaffAtWork, override_id: OverrideId) -> None:
    """Answer the account's request, if one waits, with this override."""
    await _answer(session, at_work, override_id=override_id)


async def _answer(
    session: WriteSession, at_work: StaffAtWork, **answer: str | OverrideId
) -> SubaccountsRequestId | None:
    statement = (
        update(subaccounts_requests)
        .where(_open(at_work.master_id, at_work.account_id))
        .values(answered_at=func.now(), answered_by=at_work.user_id, **answer)
        .returning(subaccounts_requests.c.id)
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    return None if found is None else SubaccountsRequestId(found)


async def _is_unlocked(session: WriteSession, master_id: MasterId) -> bool:
    master = accounts.alias()
    holding = exists(in_force(master, OverrideKind.SUBACCOUNTS).correlate(master))
    statement = select(holding).where(master.c.master_id == master_id, master.c.id == master_id)
    return (await session.execute(statement)).scalar_one()


async def _waits(session: WriteSession, master_id: MasterId, account_id: AccountId) -> bool:
    return (await session.execute(select(exists().where(_open(master_id, account_id))))).scalar_one()


def _open(master_id: MasterId, account_id: AccountId) -> ColumnElement[bool]:
    request = subaccounts_requests.c
    return and_(
        request.master_id == master_id,
        request.account_id == account_id,
        request.answered_at.is_(None),
        request.withdrawn_at.is_(None),
    )
