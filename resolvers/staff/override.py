"""Overrides by platform staff: set, approved and ended (R11, R73, R77, R80, R83, R85, R86, R88, T36)."""

import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DateTime, Row, Select, func, insert, literal, select, text, update

from authz.callers.principals import Principal
from authz.guards.staff import StaffAtWork, authorize_staff, is_staff, refuse_closed
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, row_of
from models.base.ids import AccountId, Kind, OverrideId, UserId, new_id, present
from models.staff.overrides import OverrideKind, overrides
from models.staff.tables import StaffRole
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_staff
from resolvers.inputs.moments import check_future
from resolvers.inputs.text import short_text
from resolvers.staff.override_values import OverrideValue, check_value, described
from resolvers.staff.overrides import OverrideStatus, status_of
from resolvers.staff.request_subaccounts import grant_open_request
from resolvers.staff.user_rights import BelowLimit, limit_below, person_of

OverrideRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class OverrideCreation:
    """`expires_at`: at most one year ahead."""

    account_id: AccountId
    kind: OverrideKind
    value: OverrideValue
    reason: str
    expires_at: datetime.datetime


@dataclass(frozen=True)
class OverrideMade:
    """The override that was made or changed, and its account."""

    account_id: AccountId
    override_id: OverrideId


async def create_override(
    session: WriteSession, principal: Principal, command: OverrideCreation
) -> OverrideMade:
    """Set an override in an account for a reason and until a day. It holds at once, or once it is approved.

    It replaces an earlier one of the same kind. Raises what `authorize_staff` raises, ACCOUNT_CLOSED,
    BAD_USER_INPUT, and CONFLICT where one of the kind already waits for approval.
    """
    at_work = await authorize_staff(session, principal, command.account_id)
    await refuse_closed(session, at_work)
    if command.kind is OverrideKind.SUBACCOUNTS and at_work.account_id != at_work.master_id:
        message = "Subaccounts are unlocked for a whole tree, in its master account."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "accountId")
    member_id = command.value.member_id
    user_id = None if member_id is None else await person_of(session, at_work, member_id)
    check_value(command.kind, command.value)
    reason = short_text(command.reason, "reason")
    await _check_expiry(session, command.expires_at)
    await _refuse_waiting(session, at_work, command.kind)
    override_id = OverrideId(new_id())
    waits = command.kind.needs_approval
    if not waits:
        await _replace(session, at_work, command.kind, user_id)
    columns = command.value.columns()
    await session.send_built(
        insert(overrides).values(
            **columns_of(at_work),
            id=override_id,
            kind=command.kind.value,
            reason=reason,
            made_by=at_work.user_id,
            in_force_from=None if waits else func.now(),
            expires_at=command.expires_at,
            user_id=user_id,
            **columns,
        )
    )
    if user_id is not None:
        limit = BelowLimit(columns["rights_mask"], command.expires_at)
        await limit_below(session, at_work, user_id, limit)
    if command.kind is OverrideKind.SUBACCOUNTS:
        await grant_open_request(session, at_work, override_id)
    after = _described(command.kind, user_id, columns, reason, command.expires_at)
    happened = EventType.OVERRIDE_REQUESTED if waits else EventType.OVERRIDE_STARTED
    await _log(session, at_work, happened, override_id, None, after)
    return OverrideMade(at_work.account_id, override_id)


async def approve_override(
    session: WriteSession, principal: Principal, account_id: AccountId, override_id: OverrideId
) -> OverrideMade:
    """Put an override in force that another member of the staff requested (T14, T36).

    Raises what `authorize_staff` raises, NotFound, SECOND_PERSON_REQUIRED, ACCOUNT_CLOSED, and
    FAILED_PRECONDITION where it no longer waits or the requester has left the staff.
    """
    at_work = await authorize_staff(session, principal, account_id)
    row = await _override(session, at_work, override_id)
    if row.status != OverrideStatus.WAITING.value:
        message = f"It no longer waits for approval: it is {row.status}."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "overrideId")
    if row.made_by == at_work.user_id:
        message = "You have requested it. Another member of the staff, an approver, must approve it."
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, message)
    if at_work.role is not StaffRole.APPROVER:
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, "An approver of the staff must approve it.")
    await refuse_closed(session, at_work)
    if not await is_staff(session, UserId(row.made_by)):
        message = "The requester has left the staff: end the override and create it again."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "overrideId")
    await _replace(session, at_work, OverrideKind(row.kind), None)
    await _write(session, at_work, override_id, approved_by=at_work.user_id, in_force_from=func.now())
    await _log(session, at_work, EventType.OVERRIDE_STARTED, override_id, None, _described_row(row))
    return OverrideMade(at_work.account_id, override_id)


async def end_override(
    session: WriteSession, principal: Principal, account_id: AccountId, override_id: OverrideId, reason: str
) -> OverrideMade:
    """End an override at once, in force or waiting, whoever made it. One that has ended or expired stays as
    it is.

    Raises what `authorize_staff` raises, NotFound and BAD_USER_INPUT.
    """
    at_work = await authorize_staff(session, principal, account_id)
    row = await _override(session, at_work, override_id)
    why = short_text(reason, "reason")
    if row.status in (OverrideStatus.WAITING.value, OverrideStatus.IN_FORCE.value):
        await _end(session, at_work, row, why)
    return OverrideMade(at_work.account_id, override_id)


async def end_in_force(
    session: WriteSession, at_work: StaffAtWork, kind: OverrideKind, user_id: UserId | None, reason: str
) -> bool:
    """End the override of the kind that is in force; if it is about a person, the one about that person.
    Returns whether there was one."""
    holding = _of_kind(at_work, kind).where(
        status_of(overrides) == OverrideStatus.IN_FORCE.value,
        overrides.c.user_id.is_not_distinct_from(user_id),
    )
    found = (await session.execute(holding)).all()
    for row in found:
        await _end(session, at_work, row, reason)
    return bool(found)


async def _check_expiry(session: WriteSession, expires_at: datetime.datetime) -> None:
    check_future(expires_at, "expiresAt")
    latest = func.now() + text("interval '1 year'")
    late = select(literal(expires_at, DateTime(timezone=True)) > latest)
    if (await session.execute(late)).scalar_one():
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must lie at most a year ahead.", "expiresAt")


async def _refuse_waiting(session: WriteSession, at_work: StaffAtWork, kind: OverrideKind) -> None:
    waiting = _of_kind(at_work, kind).where(status_of(overrides) == OverrideStatus.WAITING.value)
    if (await session.execute(waiting)).first() is not None:
        message = "An override of this kind already waits for approval."
        raise Refusal(RefusalCode.CONFLICT, message, "kind")


async def _replace(
    session: WriteSession, at_work: StaffAtWork, kind: OverrideKind, user_id: UserId | None
) -> None:
    """End what is in force. Two values of one setting cannot hold at once."""
    await end_in_force(session, at_work, kind, user_id, "Another one takes its place.")


def _of_kind(at_work: StaffAtWork, kind: OverrideKind) -> Select[Any]:
    return select(overrides).where(in_account(overrides, at_work), overrides.c.kind == kind.value)


async def _override(session: WriteSession, at_work: StaffAtWork, override_id: OverrideId) -> OverrideRow:
    """The account's override with its status. Raises NotFound, also for one of another account (T1)."""
    statement = select(*overrides.c, status_of(overrides).label("status")).where(
        in_account(overrides, at_work), overrides.c.id == override_id
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("overrideId")
    return row


async def _end(session: WriteSession, at_work: StaffAtWork, row: OverrideRow, reason: str) -> None:
    await _write(session, at_work, row.id, ended_by=at_work.user_id, ended_at=func.now())
    if row.user_id is not None:
        await limit_below(session, at_work, UserId(row.user_id), BelowLimit())
    after: Change = {"reason": reason}
    await _log(session, at_work, EventType.OVERRIDE_ENDED, row.id, _described_row(row), after)


async def _write(session: WriteSession, at_work: StaffAtWork, override_id: OverrideId, **values: Any) -> None:
    await session.send_built(
        update(overrides).where(row_of(overrides, at_work, override_id)).values(**values)
    )


async def _log(
    session: WriteSession,
    at_work: StaffAtWork,
    kind: EventType,
    override_id: OverrideId,
    before: Change | None,
    after: Change,
) -> None:
    await record_of_staff(session, at_work, kind, present(Kind.OVERRIDE, override_id), before, after)


def _described(
    kind: OverrideKind,
    user_id: UserId | None,
    columns: dict[str, Any],
    reason: str,
    expires_at: datetime.datetime,
) -> Change:
    whose: Change = {} if user_id is None else {"user": present(Kind.USER, user_id)}
    return {
        "kind": kind.value,
        **whose,
        **described(columns),
        "reason": reason,
        "expiresAt": expires_at.astimezone(datetime.UTC).isoformat(),
    }


def _described_row(row: OverrideRow) -> Change:
    return _described(OverrideKind(row.kind), row.user_id, dict(row._mapping), row.reason, row.expires_at)
