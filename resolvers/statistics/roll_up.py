"""Adding up what was counted. One transaction takes a batch of rows of a tree, and writes them into its sums,
so that nothing is lost or counted twice, whenever a worker dies."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Integer, Uuid, any_, delete, literal, select

from authz.wall.tree_door import in_data_plane
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.base.clock import current_moment
from models.base.ids import AccountId, AccountKey, MasterId
from models.effects.jobs import Job
from models.statistics.job_kinds import STATISTICS_ROLL_UP
from models.statistics.tables import statistic_deltas, statistics_due
from resolvers.effects.jobs import enqueue
from resolvers.settings.effective import time_zone_of
from resolvers.statistics.adding import Above, adding

BATCH = 10_000
"""The most rows that one transaction adds up."""

_PAUSE = datetime.timedelta(seconds=1)
"""Until a tree is looked at again in which somebody counts right now. The queue makes it ten seconds at
most."""


@dataclass(frozen=True)
class AddedUp:
    """What one transaction did. `judged`: the accounts where numbers changed by which sending
    sources are judged.
    `is_all`: nothing more was there."""

    judged: Sequence[AccountId]
    is_all: bool


async def add_up(session: WriteSession, master_id: MasterId) -> AddedUp | None:
    """Add up a batch of the tree. None: nothing is due, or another worker does it."""
    if not await enter_as_worker(session, master_id):
        return None
    # Whoever counts shares this lock; other workers do not.
    held = _due(master_id).with_for_update(key_share=True, skip_locked=True)
    if (await session.execute(held)).one_or_none() is None:
        return None
    async with in_data_plane(session, AccountKey(master_id, AccountId(master_id))):
        ids = await _oldest(session, master_id)
    if not ids:
        return AddedUp([], is_all=True)
    zones = await _zones(session, master_id, ids)
    statement = adding(master_id, zones, await _above(session, master_id, ids), BATCH)
    async with in_data_plane(session, AccountKey(master_id, ids[0])):
        rows = (await session.execute(statement)).all()
    judged = [AccountId(row.account_id) for row in rows if row.is_judged]
    return AddedUp(judged, is_all=sum(row.taken for row in rows) < BATCH)


async def end_or_repeat(session: WriteSession, master_id: MasterId) -> None:
    """After the last batch: the tree is done, or looked at again in a moment."""
    if not await enter_as_worker(session, master_id):
        return
    alone = _due(master_id).with_for_update(skip_locked=True)
    if (await session.execute(alone)).one_or_none() is not None:
        # What others have counted has been committed, so this sees it.
        async with in_data_plane(session, AccountKey(master_id, AccountId(master_id))):
            left = await _oldest(session, master_id, 1)
        if not left:
            gone = delete(statistics_due).where(statistics_due.c.master_id == master_id)
            await session.send_built(gone)
            return
    await enqueue(session, Job(STATISTICS_ROLL_UP, master_id, master_id), current_moment() + _PAUSE)


def _due(master_id: MasterId) -> Any:
    return select(statistics_due.c.master_id).where(statistics_due.c.master_id == master_id)


async def _oldest(session: WriteSession, master_id: MasterId, most: int = BATCH) -> list[AccountId]:
    """The accounts of the rows that have waited the longest."""
    delta = statistic_deltas.c
    oldest = (
        select(delta.account_id)
        .where(delta.master_id == master_id)
        .order_by(delta.created_at)
        .limit(most)
        .subquery()
    )
    rows = await session.execute(select(oldest.c.account_id).distinct())
    return [AccountId(row.account_id) for row in rows]


async def _zones(
    session: WriteSession, master_id: MasterId, ids: Sequence[AccountId]
) -> dict[AccountId, str]:
    statement = select(accounts.c.id, time_zone_of(accounts).label("zone")).where(
        accounts.c.master_id == master_id, accounts.c.id == any_(literal(list(ids), ARRAY(Uuid)))
    )
    return {AccountId(row.id): row.zone for row in await session.execute(statement)}


async def _above(session: WriteSession, master_id: MasterId, ids: Sequence[AccountId]) -> Above:
    path = account_closure.c
    statement = select(path.descendant_id, path.ancestor_id).where(
        path.master_id == master_id,
        path.descendant_id == any_(literal(list(ids), ARRAY(Uuid))),
        path.depth > literal(0, Integer),
    )
    rows = await session.execute(statement)
    return [(AccountId(row.descendant_id), AccountId(row.ancestor_id)) for row in rows]
