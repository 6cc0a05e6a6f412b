"""How long the members and guests of a tree stay signed in."""

from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.base.ids import AccountId
from models.sessions.tables import LONGEST_MINUTES, SHORTEST_IDLE_MINUTES, session_limits
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.inputs.unchanged import UNCHANGED, Unchanged
from resolvers.sessions.ends import limit_sessions_in

T = TypeVar("T")


@dataclass(frozen=True)
class SessionLimitsUpdate:
    """The new limits of a master account; None removes one. `expected_version`: of the account."""

    account_id: AccountId
    expected_version: int
    idle_minutes: int | Unchanged | None = UNCHANGED
    maximum_minutes: int | Unchanged | None = UNCHANGED


@dataclass(frozen=True)
class _Limits:
    idle_minutes: int | None = None
    maximum_minutes: int | None = None

    @property
    def logged(self) -> Change:
        return {"idleMinutes": self.idle_minutes, "maximumMinutes": self.maximum_minutes}

    def loosens(self, earlier: "_Limits") -> bool:
        """Whether a session could last longer than under the earlier ones."""
        pairs = (
            (self.idle_minutes, earlier.idle_minutes),
            (self.maximum_minutes, earlier.maximum_minutes),
        )
        return any((new or LONGEST_MINUTES) > (old or LONGEST_MINUTES) for new, old in pairs)


async def update_session_limits(
    session: WriteSession, principal: Principal, command: SessionLimitsUpdate
) -> Authorized:
    """Change the limits of a tree. They hold at once for sessions that are open.

    Needs SETTINGS_WRITE in the master account and below it, by a right that lasts. Stricter limits only take
    access away, so that no status forbids them. Raises VersionConflict, BAD_USER_INPUT, and
    FAILED_PRECONDITION in a subaccount.
    """
    account = await authorize(
        session, principal, command.account_id, Permission.SETTINGS_WRITE, WriteKind.TAKES_AWAY
    )
    if not account.below_mask & Permission.SETTINGS_WRITE.bit:
        raise PermissionDenied(Permission.SETTINGS_WRITE)
    if account.account_id != account.master_id:
        message = "Set it in the master account: it holds for the whole tree."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    check_version(account, command.expected_version)
    _check(command.idle_minutes, "idleMinutes")
    _check(command.maximum_minutes, "maximumMinutes")
    before = await _stored(session, account)
    after = _Limits(
        _changed(before.idle_minutes, command.idle_minutes),
        _changed(before.maximum_minutes, command.maximum_minutes),
    )
    if after == before:
        return account
    if after.loosens(before):
        account.check_changeable()
    await _write(session, account, after)
    await limit_sessions_in(session, account.master_id)
    await raise_version(session, account)
    await record_of_account(
        session, principal, account, EventType.SESSION_LIMITS_UPDATED, before.logged, after.logged
    )
    return account


def _check(minutes: int | Unchanged | None, field: str) -> None:
    if isinstance(minutes, int) and not SHORTEST_IDLE_MINUTES <= minutes <= LONGEST_MINUTES:
        message = f"Must lie between {SHORTEST_IDLE_MINUTES} and {LONGEST_MINUTES:,} minutes."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)


def _changed(before: T, given: T | Unchanged) -> T:
    return before if given is UNCHANGED else given


async def _stored(session: WriteSession, account: Authorized) -> _Limits:
    columns = session_limits.c.idle_minutes, session_limits.c.maximum_minutes
    row = (await session.execute(select(*columns).where(in_account(session_limits, account)))).one_or_none()
    return _Limits() if row is None else _Limits(row.idle_minutes, row.maximum_minutes)


async def _write(session: WriteSession, account: Authorized, limits: _Limits) -> None:
    if limits == _Limits():
        await session.send_built(delete(session_limits).where(in_account(session_limits, account)))
        return
    values = {"idle_minutes": limits.idle_minutes, "maximum_minutes": limits.maximum_minutes}
    made = insert(session_limits).values(**columns_of(account), **values)
    stored = made.on_conflict_do_update(
        index_elements=["master_id", "account_id"], set_={name: made.excluded[name] for name in values}
    )
    await session.send_built(stored)
