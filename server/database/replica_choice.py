"""Where compiled reads go: to a replica, if there is one, and to the primary for what that cannot answer."""

import asyncio
import math
from collections.abc import Awaitable, Sequence
from time import perf_counter
from typing import Any

import asyncpg

from engine.compiled.query_plans import QueryPlan
from engine.database.pool import Pool, PoolTimeoutError
from engine.database.reachability import ServerSilentError
from server.failures.errors import kind_of
from server.failures.repeated_lines import repeated_lines
from server.fairness.admission import Admission
from server.fairness.gate import Caller

REPLICA_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""How a replica fails that is away, that has not replayed a migration, or that cancels a read to replay."""

_PATIENCE = 9.0
"""Seconds for both together: where the replica has been silent, the primary gets what is left of them."""


SLOW_SECONDS = 0.05
"""A statement that takes longer holds only a share of the connections."""


class Reads:
    """Answers from the replica if that knows the caller and no revision is required."""

    def __init__(self, primary: Pool, replica: Pool | None, admission: Admission) -> None:
        self._primary = primary
        self._replica = replica
        self._admission = admission

    async def answer(
        self, plan: QueryPlan, values: Sequence[Any], caller: Caller, *, fresh: bool
    ) -> bytes | None:
        """The plan's answer: None where nobody has the token. With `fresh` the primary's, CLOSED where that
        does not contain the revision.

        Raises what `engine.database.pool.Pool.value` raises for the primary; RateLimited and Busy where too
        much is asked at once.
        """
        seconds = plan.pace.seconds
        if seconds > SLOW_SECONDS:
            admission = self._admission
            gate_of_few = admission.first_read if seconds == math.inf else admission.slow_read
            async with gate_of_few(caller):
                return await self._timed(plan, values, fresh)
        gate = self._admission.reads
        if not gate.enter_at_once(caller):
            await gate.wait(caller)
        try:
            return await self._timed(plan, values, fresh)
        finally:
            gate.leave(caller)

    async def _timed(self, plan: QueryPlan, values: Sequence[Any], fresh: bool) -> bytes | None:
        began = perf_counter()
        answer = await self._value(plan.statement.sql, values, fresh)
        plan.pace.note(perf_counter() - began)
        return answer

    def _value(self, sql: str, values: Sequence[Any], fresh: bool) -> Awaitable[bytes | None]:
        if fresh or self._replica is None:
            return self._primary.value(sql, values)
        return self._value_of_either(self._replica, sql, values)

    async def _value_of_either(self, replica: Pool, sql: str, values: Sequence[Any]) -> bytes | None:
        if replica.server is not None and replica.server.in_doubt:
            return await self._primary.value(sql, values)
        end = asyncio.get_running_loop().time() + _PATIENCE
        try:
            answer = await replica.value(sql, values)
        except asyncpg.QueryCanceledError:
            raise  # too heavy a read, which the primary is not to bear
        except REPLICA_FAILURES as error:
            if isinstance(error, PoolTimeoutError) and await _answers(replica):
                raise  # nor too many
            repeated_lines.warning("replica not read", **kind_of(error))
            async with asyncio.timeout_at(end):
                return await self._primary.value(sql, values)
        return await self._primary.value(sql, values) if answer is None else answer


async def _answers(replica: Pool) -> bool:
    """Whether its connections are all busy, and not all silent."""
    if replica.server is None:
        return True
    replica.server.doubt()
    try:
        await replica.server.check()
    except ServerSilentError:
        return False
    return True
