"""Where compiled reads go: to a replica, if there is one, and to the primary for what that cannot answer."""

from collections.abc import Awaitable, Sequence
from time import perf_counter
from typing import Any

import asyncpg
import structlog

from engine.gates import CLOSED
from engine.plans import Plan
from engine.pool import Pool, PoolTimeoutError
from server.admission import Admission
from server.fair_gate import Caller

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

REPLICA_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""How a replica fails that is away, that has not replayed a migration, or that cancels a read to replay."""

_TOO_MUCH = (asyncpg.QueryCanceledError, PoolTimeoutError)
"""How it fails under too heavy a read, or too many; the primary is not to bear these."""


SLOW_SECONDS = 0.05
"""A statement that takes longer holds only a share of the connections."""


class Reads:
    """Answers from the replica where that knows who asks and contains the revision that is asked for."""

    def __init__(self, primary: Pool, replica: Pool | None, admission: Admission) -> None:
        self._primary = primary
        self._replica = replica
        self._admission = admission

    async def answer(self, plan: Plan, values: Sequence[Any], caller: Caller) -> bytes | None:
        """The plan's answer: None where nobody has the token, CLOSED where no database contains the revision.

        Raises what `engine.pool.Pool.value` raises for the primary; RateLimited and Busy where too much is
        asked at once.
        """
        admission = self._admission
        if plan.pace.seconds > SLOW_SECONDS:
            async with admission.slow_read(caller):
                return await self._timed(plan, values)
        await admission.begin_read(caller)
        try:
            return await self._timed(plan, values)
        finally:
            admission.end_read(caller)

    async def _timed(self, plan: Plan, values: Sequence[Any]) -> bytes | None:
        began = perf_counter()
        answer = await self._value(plan.statement.sql, values)
        plan.pace.note(perf_counter() - began)
        return answer

    def _value(self, sql: str, values: Sequence[Any]) -> Awaitable[bytes | None]:
        if self._replica is None:
            return self._primary.value(sql, values)
        return self._value_of_either(self._replica, sql, values)

    async def _value_of_either(self, replica: Pool, sql: str, values: Sequence[Any]) -> bytes | None:
        answer = await _value_if_it_can(replica, sql, values)
        return await self._primary.value(sql, values) if answer in (None, CLOSED) else answer


async def _value_if_it_can(replica: Pool, sql: str, values: Sequence[Any]) -> bytes | None:
    try:
        return await replica.value(sql, values)
    except _TOO_MUCH:
        raise
    except REPLICA_FAILURES as error:
        _log.warning("replica not read", error=type(error).__name__)
        return None
