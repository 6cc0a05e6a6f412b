"""Messages that wait because what sends them is paused or on trial.

On trial, what was accepted since then has been counted by the gate. What was accepted before, the backlog,
goes out as far as the trial's hour has room, and is counted as it is claimed.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.clock import current_moment
from models.base.ids import AccountId, AccountKey, MasterId
from models.reputation.tables import PlatformState, sending_sources
from models.statistics.tables import NO_ID
from resolvers.reputation.keys import is_held, trial_hour
from resolvers.reputation.sources import LOCK_ORDER, SourceKey, this_source
from resolvers.reputation.states import TRIAL_SENDS


@dataclass(frozen=True)
class HeldSource:
    """Whose messages wait: those that were accepted before this moment; None: all. `left`: how many of them
    may go out now."""

    key: SourceKey
    accepted_before: datetime.datetime | None
    left: int


async def read_held(
    session: WriteSession, master_id: MasterId, ids: Sequence[AccountId], *, lock: bool = False
) -> list[HeldSource]:
    """Those of these accounts. `lock`: nobody else counts trials' sends before the transaction ends."""
    statement = _HELD_AND_LOCKED if lock else _HELD
    rows = await statement.rows(session, {"tree": master_id, "ids": list(ids)})
    return [HeldSource(SourceKey.of(row), row.accepted_before, max(0, row.left)) for row in rows]


def _held() -> Select[Any]:
    row = sending_sources.c
    held = is_held(sending_sources)
    _, used = trial_hour(sending_sources)
    # The trial began by the clock of plans, and messages are accepted by the database's own.
    began = row.platform_since - (current_moment() - func.now())
    return (
        select(
            *LOCK_ORDER,
            case((~held, began)).label("accepted_before"),
            case((~held, TRIAL_SENDS - used), else_=0).label("left"),
        )
        .where(
            row.master_id == bindparam("tree", type_=Uuid()),
            row.account_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
            or_(held, row.platform_state == PlatformState.TRIAL.value),
        )
        .order_by(*LOCK_ORDER)
    )


_HELD = FixedStatement(_held())
_HELD_AND_LOCKED = FixedStatement(_held().with_for_update())


def waits_for(messages: FromClause, held: Sequence[HeldSource]) -> ColumnElement[bool]:
    """Whether a message is of one of these."""
    if not held:
        return false()
    given = func.unnest(
        _array([each.key.account_id for each in held], Uuid()),
        _array([each.key.source.stream.value for each in held], Text()),
        _array([each.key.source.api_key_id or NO_ID for each in held], Uuid()),
        _array([each.accepted_before for each in held], DateTime(timezone=True)),
    )
    names = column("account_id", Uuid()), column("stream", Text()), column("api_key_id", Uuid())
    of = given.table_valued(*names, column("before", DateTime(timezone=True))).render_derived("held").c
    message = messages.c
    is_early = or_(of.before.is_(None), message.created_at < of.before)
    api_key_id = func.coalesce(message.api_key_id, literal(NO_ID, Uuid))
    same = and_(of.account_id == message.account_id, of.stream == message.stream, of.api_key_id == api_key_id)
    return exists(select(of.account_id).where(same, is_early).correlate(messages))


async def count_backlog(session: WriteSession, master_id: MasterId, source: HeldSource, sends: int) -> None:
    """Count so many of the backlog as sends of the trial. The row is locked."""
    hour, used = trial_hour(sending_sources)
    account = AccountKey(master_id, source.key.account_id)
    row = update(sending_sources).where(this_source(account, source.key.source))
    await session.send_built(row.values(trial_hour_at=hour, trial_sends=used + sends))


def _array(values: list[Any], of: TypeEngine[Any]) -> ColumnElement[Any]:
    return literal(values, ARRAY(of))
