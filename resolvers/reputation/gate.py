"""The gate that every path that sends asks: whether both keys of what sends let it (R8, N14, T29)."""

import datetime

from sqlalchemy import BigInteger, Text, Uuid, bindparam, literal, select, update

from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, Place, in_account
from models.base.clock import current_moment
from models.reputation.tables import CustomerState, PlatformState, StateReason, sending_sources
from resolvers.reputation.keys import HOUR, trial_hour
from resolvers.reputation.sources import SendingSource, SourceRow, key_columns, this_source
from resolvers.reputation.states import TRIAL_SENDS

_WHY = {
    StateReason.BOUNCE_RATE: "too many messages bounced (BOUNCE_RATE)",
    StateReason.COMPLAINT_RATE: "too many recipients complained (COMPLAINT_RATE)",
    StateReason.STAFF: "platform support decided it (STAFF)",
}


async def check_source(session: WriteSession, account: Place, source: SendingSource, sends: int) -> None:
    """Let the sends of the locked account pass, or raise SENDING_PAUSED or TRIAL_LIMIT_REACHED.

    Sends on trial are counted behind the lock of the source's row until the transaction ends, so that no two
    of them take the last place. `sends` 0: what was counted before, and is asked about again.
    """
    row = await _read(session, account, source)
    if row is None:
        return
    check_keys(row)
    if not sends or not _is_on_trial(row) or await _count(session, account, source, sends):
        return
    # The lock was waited for, so the state may be another one by now.
    row = await _read(session, account, source)
    if row is not None:
        check_keys(row)
        if _is_on_trial(row):
            raise Refusal(RefusalCode.TRIAL_LIMIT_REACHED, _trial_message(row))


async def _read(session: WriteSession, account: Place, source: SendingSource) -> SourceRow | None:
    return (await session.execute(_SOURCE, key_columns(account, source))).one_or_none()


_SOURCE = select(*sending_sources.c, current_moment().label("now")).where(
    in_account(sending_sources, NAMED),
    sending_sources.c.stream == bindparam("stream", type_=Text()),
    sending_sources.c.api_key_id == bindparam("api_key_id", type_=Uuid()),
)


def _is_on_trial(row: SourceRow) -> bool:
    return bool(row.platform_state == PlatformState.TRIAL.value)


def check_keys(row: SourceRow) -> None:
    """Raise SENDING_PAUSED, saying which key it is and what turns it."""
    if row.customer_state == CustomerState.PAUSED.value:
        message = (
            f"The account has paused what sends here, since {_told(row.customer_since)}. "
            "`sendingSourceResume` lets it send again."
        )
        raise Refusal(RefusalCode.SENDING_PAUSED, message)
    if row.platform_state != PlatformState.PAUSED.value:
        return
    message = f"The platform has paused what sends here, since {_told(row.platform_since)}: "
    message += f"{_WHY[StateReason(row.reason)]}. "
    if row.cool_down_until is None:
        message += "Ask platform support."
    else:
        message += f"From {_told(row.cool_down_until)} on, `sendingSourceResume` begins a trial."
    raise Refusal(RefusalCode.SENDING_PAUSED, message)


async def _count(session: WriteSession, account: Place, source: SendingSource, sends: int) -> bool:
    """Whether the trial's hour has room for so many. Then they are counted."""
    row = sending_sources.c
    hour, used = trial_hour(sending_sources)
    counted = (
        update(sending_sources)
        .where(
            this_source(account, source),
            row.platform_state == PlatformState.TRIAL.value,
            row.customer_state == CustomerState.ACTIVE.value,
            used + literal(sends, BigInteger) <= TRIAL_SENDS,
        )
        .values(trial_hour_at=hour, trial_sends=used + literal(sends, BigInteger))
        .returning(row.trial_sends)
    )
    return (await session.execute(counted)).scalar_one_or_none() is not None


def _trial_message(row: SourceRow) -> str:
    is_over = row.trial_hour_at is None or row.trial_hour_at <= row.now - HOUR
    left = TRIAL_SENDS - (0 if is_over else row.trial_sends)
    message = f"What sends here is on trial: {TRIAL_SENDS:,} sends an hour, {left:,} of them left"
    return f"{message}." if is_over else f"{message} until {_told(row.trial_hour_at + HOUR)}."


def _told(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
