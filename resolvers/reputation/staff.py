"""What platform staff decide about a sending source (R88): the platform's key, without rates."""

from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Principal
from authz.guards.staff import StaffAtWork, authorize_staff, refuse_closed
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, present
from models.reputation.tables import PlatformState, StateReason, sending_sources
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_staff
from resolvers.inputs.text import short_text
from resolvers.reputation.change import check_key
from resolvers.reputation.sources import (
    SendingSource,
    key_columns,
    now_of,
    read_locked,
    standing_of,
    write_standing,
)
from resolvers.reputation.states import Standing, stopped_by_staff, tried_again
from resolvers.reputation.tell import Moved, mail_moved
from resolvers.reputation.wake import wake_deliveries


async def pause_by_staff(
    session: WriteSession, principal: Principal, account_id: AccountId, source: SendingSource, reason: str
) -> AccountId:
    """Let the source send nothing until staff resume it.

    Raises what `authorize_staff` raises, NotFound for a key of another account, BAD_USER_INPUT, and
    FAILED_PRECONDITION where staff have paused it already.
    """
    at_work = await authorize_staff(session, principal, account_id)
    await check_key(session, at_work, source)
    why = short_text(reason, "reason")
    begun = upsert(sending_sources).values(**key_columns(at_work, source)).on_conflict_do_nothing()
    await session.send_built(begun)
    before = await _standing(session, at_work, source)
    if before.reason is StateReason.STAFF and before.state is PlatformState.PAUSED:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "Staff have paused it already.", "accountId")
    after = stopped_by_staff(before, await now_of(session))
    await _move(session, principal, at_work, Moved(source, before, after, note=why))
    return at_work.account_id


async def resume_by_staff(
    session: WriteSession, principal: Principal, account_id: AccountId, source: SendingSource, reason: str
) -> AccountId:
    """Begin a trial of a source that the platform has paused, whatever its cool-down says.

    Raises what `authorize_staff` raises, NotFound for a key of another account, ACCOUNT_CLOSED,
    BAD_USER_INPUT, and FAILED_PRECONDITION where the platform has not paused it.
    """
    at_work = await authorize_staff(session, principal, account_id)
    await refuse_closed(session, at_work)
    await check_key(session, at_work, source)
    why = short_text(reason, "reason")
    before = await _standing(session, at_work, source)
    if before.state is not PlatformState.PAUSED:
        message = f"The platform has not paused it: its state is {before.state.value}."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    after = tried_again(before, await now_of(session))
    await _move(session, principal, at_work, Moved(source, before, after, note=why))
    await wake_deliveries(session, at_work)
    return at_work.account_id


async def _standing(session: WriteSession, at_work: StaffAtWork, source: SendingSource) -> Standing:
    row = await read_locked(session, at_work, source)
    return Standing() if row is None else standing_of(row)


async def _move(session: WriteSession, principal: Principal, at_work: StaffAtWork, moved: Moved) -> None:
    await write_standing(session, at_work, moved.source, moved.after)
    subject_id = present(Kind.ACCOUNT, at_work.account_id)
    before, after = moved.logged_before(), moved.logged_after()
    await record_of_staff(session, at_work, EventType.REPUTATION_CHANGED, subject_id, before, after)
    await mail_moved(session, principal, at_work, moved)
