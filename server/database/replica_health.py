"""How far a replica lags behind, for `/readyz`: a reading without a minimum revision may be as old (N7)."""

import asyncio
import datetime
import enum
from dataclasses import dataclass

from sqlalchemy import Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.database.pool import Pool
from engine.database.reachability import STATEMENT_ERRORS

_PATIENCE = 2
"""Seconds to wait for the replica."""

_WRITTEN = select(cast(func.pg_current_wal_lsn(), Text))

_REPLAYED = """
SELECT CASE WHEN NOT pg_is_in_recovery() THEN 'no replica'
            WHEN pg_last_wal_replay_lsn() >= CAST(CAST($1 AS text) AS pg_lsn) THEN 'current'
            ELSE 'behind' END AS status,
       pg_last_xact_replay_timestamp() AS changes_until"""


class ReplicaStatus(enum.Enum):
    """What a replica can be read for."""

    CURRENT = "current"
    """It has replayed all that the primary had written when it was asked."""
    BEHIND = "behind"
    AWAY = "away"
    """It does not answer: reads go to the primary."""
    NO_REPLICA = "no replica"
    """MANDANT_READ_URL names a server that replays nobody's changes."""


@dataclass(frozen=True)
class ReplicaHealth:
    """`changes_until`: when the last change was made that it has replayed; None: unknown."""

    status: ReplicaStatus
    changes_until: datetime.datetime | None


async def replica_health(primary: AsyncConnection, replica: Pool) -> ReplicaHealth:
    """The replica's state, measured by what the primary has written until now."""
    written = (await primary.execute(_WRITTEN)).scalar_one()
    try:
        async with asyncio.timeout(_PATIENCE):
            row = await replica.row(_REPLAYED, [written])
    except STATEMENT_ERRORS:
        row = None
    if row is None:
        return ReplicaHealth(ReplicaStatus.AWAY, None)
    return ReplicaHealth(ReplicaStatus(row["status"]), row["changes_until"])
