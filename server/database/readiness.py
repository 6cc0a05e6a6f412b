"""Whether the process can serve, found out once for all who ask within a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.database.pool import Pool
from server.database.migrate import why_not_current
from server.database.replica_health import ReplicaHealth, replica_health
from server.failures.errors import DISK_FULL, ErrorCode, Failure, record_failure
from server.failures.lately import disk_was_full

_PATIENCE = 3
"""Seconds to wait for the database."""
_KEPT_SECONDS = 1.0
_OBSTACLE_KEPT_SECONDS = 0.25
"""Shorter, so that a process that becomes ready is seen soon."""


@dataclass(frozen=True)
class Readiness:
    """`obstacle`: why it cannot serve, if it cannot. `replica`: None where there is none, or no primary."""

    obstacle: Failure | None
    replica: ReplicaHealth | None = None


Look = Callable[[], Awaitable[Readiness]]


class KeptReadiness:
    """Keeps what a look found, and has one look at a time, however many ask."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._looking: asyncio.Task[Readiness] | None = None
        self._kept_until = 0.0

    async def get(self) -> Readiness:
        """At most a second old."""
        looking = self._looking
        if looking is None or (looking.done() and time.monotonic() > self._kept_until):
            looking = self._looking = asyncio.create_task(self._look_now())
        # A caller may disconnect while others wait for the same look.
        return await asyncio.shield(looking)

    async def _look_now(self) -> Readiness:
        found = await self._look()
        kept = _KEPT_SECONDS if found.obstacle is None else _OBSTACLE_KEPT_SECONDS
        self._kept_until = time.monotonic() + kept
        return found


async def look(database: AsyncEngine, replica: Pool | None) -> Readiness:
    """The database's state now."""
    try:
        async with asyncio.timeout(_PATIENCE), database.connect() as connection:
            obstacle = await connection.run_sync(_obstacle)
            health = None if replica is None else await replica_health(connection, replica)
    except Exception as error:
        return Readiness(record_failure(error))
    return Readiness(obstacle, health)


def _obstacle(connection: Connection) -> Failure | None:
    if connection.scalar(select(func.current_setting("transaction_read_only"))) == "on":
        return Failure(ErrorCode.UNAVAILABLE, "The database takes no changes: it is a replica, or read only.")
    if disk_was_full:
        return DISK_FULL
    reason = why_not_current(connection)
    return None if reason is None else Failure(ErrorCode.NOT_SET_UP, reason)
