"""Judging what sources sent: by the job that adds statistics up, right after it (R5, R8)."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ARRAY, BigInteger, DateTime, Text, Uuid, any_, bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import TypeEngine

from authz.callers.actors import PLATFORM
from authz.guards.exclusive import without_rights
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, MasterId
from models.reputation.tables import PlatformState, sending_sources
from resolvers.reputation.numbers import read_numbers, read_waiting
from resolvers.reputation.sources import LOCK_ORDER, SourceKey, columns_of_standing, now_of, standing_of
from resolvers.reputation.states import ENOUGH, WINDOW, Grade, Numbers, Standing, judged
from resolvers.reputation.tell import Moved, tell_moved
from resolvers.reputation.wake import wake_deliveries


async def judge_sources(
    session: WriteSession, master_id: MasterId, account_ids: Collection[AccountId]
) -> None:
    """Judge all sources of these accounts by what was added up until now. The caller has entered the tree and
    holds no lock that keeps others from counting: senders on trial lock their source before they count.

    Of two judges at once the second waits for the first, and finds what that one has decided. So each change
    is told once.
    """
    if not account_ids:
        return
    now = await now_of(session)
    known = await _locked(session, master_id, account_ids)
    found = await _numbers(session, master_id, account_ids, known, now)
    new = [key for key, numbers in found.items() if key not in known and _says_something(numbers)]
    known |= dict.fromkeys(await _begun(session, master_id, new), Standing())
    after = {key: judged(before, found.get(key, Numbers()), now) for key, before in known.items()}
    rows = [_row(master_id, key, found.get(key, Numbers()), after[key], now) for key in known]
    if rows:
        await session.execute_each(_JUDGED, rows)
    for key, before in known.items():
        if after[key] is not before:
            account = AccountKey(master_id, key.account_id)
            moved = Moved(key.source, before, after[key], found.get(key, Numbers()))
            await tell_moved(session, PLATFORM, without_rights(account), moved)
            if after[key].state is PlatformState.ACTIVE:
                await wake_deliveries(session, account)


def _says_something(numbers: Numbers) -> bool:
    return numbers.sent >= ENOUGH or numbers.grade()[0] is not Grade.CLEAR


async def _locked(
    session: WriteSession, master_id: MasterId, account_ids: Collection[AccountId]
) -> dict[SourceKey, Standing]:
    row = sending_sources.c
    accounts = any_(literal(list(account_ids), ARRAY(Uuid)))
    these = select(*row).where(row.master_id == master_id, row.account_id == accounts)
    locked = await session.execute(these.order_by(*LOCK_ORDER).with_for_update())
    return {SourceKey.of(each): standing_of(each) for each in locked}


async def _numbers(
    session: WriteSession,
    master_id: MasterId,
    account_ids: Collection[AccountId],
    known: Mapping[SourceKey, Standing],
    now: datetime.datetime,
) -> Mapping[SourceKey, Numbers]:
    """Without what waits, where that can matter: of sources of which much came back, or which are on
    trial."""
    first = now - WINDOW
    starts = {key: standing.window_starts_at(now) for key, standing in known.items()}
    later = {key: start for key, start in starts.items() if start > first}
    async with in_data_plane(session, AccountKey(master_id, next(iter(account_ids)))):
        found = await read_numbers(session, master_id, account_ids, first, later)
        matters = {
            key.account_id
            for key, numbers in found.items()
            if _is_on_trial(known.get(key)) or replace(numbers, sent=0).grade()[0] is not Grade.CLEAR
        }
        waiting = await read_waiting(session, master_id, matters, first, later) if matters else {}
    return {
        key: replace(numbers, sent=max(0, numbers.sent - waiting.get(key, 0)))
        for key, numbers in found.items()
    }


def _is_on_trial(standing: Standing | None) -> bool:
    return standing is not None and standing.state is PlatformState.TRIAL


async def _begun(session: WriteSession, master_id: MasterId, keys: Collection[SourceKey]) -> list[SourceKey]:
    """Rows for sources that had none. What another judge has begun at the same moment is left to it."""
    if not keys:
        return []
    ordered = sorted(keys, key=lambda key: key.order)
    given = (
        func.unnest(
            _array([key.order[0] for key in ordered], Uuid()),
            _array([key.order[1] for key in ordered], Text()),
            _array([key.order[2] for key in ordered], Uuid()),
        )
        .table_valued("account_id", "stream", "api_key_id")
        .render_derived("given")
    )
    rows = select(literal(master_id, Uuid), *given.c)
    begun = (
        upsert(sending_sources)
        .from_select(["master_id", "account_id", "stream", "api_key_id"], rows)
        .on_conflict_do_nothing()
        .returning(*LOCK_ORDER)
    )
    return [SourceKey.of(row) for row in await session.execute(begun)]


def _row(
    master_id: MasterId, key: SourceKey, numbers: Numbers, standing: Standing, now: datetime.datetime
) -> Mapping[str, Any]:
    account_id, stream, api_key_id = key.order
    counted = {"sent": numbers.sent, "hard_bounces": numbers.hard_bounces, "complaints": numbers.complaints}
    named = {"tree": master_id, "of_account": account_id, "of_stream": stream, "of_key": api_key_id}
    values = {**columns_of_standing(standing), **counted, "judged_at": now}
    return named | {f"new_{name}": value for name, value in values.items()}


def _array(values: list[Any], of: TypeEngine[Any]) -> Any:
    return literal(values, ARRAY(of))


_MOMENT = DateTime(timezone=True)
_WRITTEN: Mapping[str, TypeEngine[Any]] = {
    "platform_state": Text(),
    "platform_since": _MOMENT,
    "reason": Text(),
    "cool_down_until": _MOMENT,
    "pauses": BigInteger(),
    "paused_at": _MOMENT,
    "judged_from": _MOMENT,
    "sent": BigInteger(),
    "hard_bounces": BigInteger(),
    "complaints": BigInteger(),
    "judged_at": _MOMENT,
}
_JUDGED = (
    update(sending_sources)
    .where(
        sending_sources.c.master_id == bindparam("tree", type_=Uuid()),
        sending_sources.c.account_id == bindparam("of_account", type_=Uuid()),
        sending_sources.c.stream == bindparam("of_stream", type_=Text()),
        sending_sources.c.api_key_id == bindparam("of_key", type_=Uuid()),
    )
    .values({name: bindparam(f"new_{name}", type_=type_) for name, type_ in _WRITTEN.items()})
)
