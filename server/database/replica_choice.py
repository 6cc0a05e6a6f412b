"""Where compiled reads go: to a replica, if there is one, and to the primary for what that cannot answer."""

import asyncio
import math
from collections.abc import Awaitable, Sequence
from time import perf_counter
from typing import Any

import asyncpg

from engine.base.spans import sql_span
from engine.compiled.far_answers import FarRead
from engine.compiled.query_plans import QueryPlan
from engine.database.pool import PoolTimeoutError
from engine.database.reachability import STATEMENT_ERRORS, ServerSilentError
from server.database.read_pools import ReadPools
from server.failures.errors import kind_of
from server.failures.repeated_lines import repeated_lines
from server.fairness.admission import Admission
from server.fairness.gate import Caller
from server.logs.metrics import sql_seconds

_PATIENCE = 9.0
"""Seconds for both together: where the replica has been silent, the primary gets what is left of them."""


SLOW_SECONDS = 0.05
"""A statement that takes longer holds only a share of the connections."""


class Reads:
    """Answers from the replica if that knows the caller and no revision is required. Far statements go
    where the statement went whose gaps they fill."""

    def __init__(self, primary: ReadPools, replica: ReadPools | None, admission: Admission) -> None:
        self._primary = primary
        self._replica = replica
        self._admission = admission

    async def answer(
        self, plan: QueryPlan, values: Sequence[Any], far: FarRead | None, caller: Caller, *, fresh: bool
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
                return await self._timed(plan, values, far, fresh)
        gate = self._admission.reads
        if not gate.enter_at_once(caller):
            await gate.wait(caller)
        try:
            return await self._timed(plan, values, far, fresh)
        finally:
            gate.leave(caller)

    async def _timed(
        self, plan: QueryPlan, values: Sequence[Any], far: FarRead | None, fresh: bool
    ) -> bytes | None:
        began = perf_counter()
        with sql_span(plan.statement.sql):
            answer = await self._answer(plan.statement.sql, values, far, fresh)
        seconds = perf_counter() - began
        plan.pace.note(seconds)
        sql_seconds.observe(seconds)
        return answer

    def _answer(
        self, sql: str, values: Sequence[Any], far: FarRead | None, fresh: bool
    ) -> Awaitable[bytes | None]:
        if fresh or self._replica is None:
            return self._primary.answer(sql, values, far)
        return self._answer_of_either(self._replica, sql, values, far)

    async def _answer_of_either(
        self, replica: ReadPools, sql: str, values: Sequence[Any], far: FarRead | None
    ) -> bytes | None:
        if replica.near.server is not None and replica.near.server.in_doubt:
            return await self._primary.answer(sql, values, far)
        end = asyncio.get_running_loop().time() + _PATIENCE
        try:
            answer = await replica.answer(sql, values, far)
        except asyncpg.QueryCanceledError:
            raise  # too heavy a read, which the primary is not to bear
        except STATEMENT_ERRORS as error:
            if isinstance(error, PoolTimeoutError) and await _answers(replica):
                raise  # nor too many
            repeated_lines.warning("replica not read", **kind_of(error))
            async with asyncio.timeout_at(end):
                return await self._primary.answer(sql, values, far)
        return await self._primary.answer(sql, values, far) if answer is None else answer


async def _answers(replica: ReadPools) -> bool:
    """Whether its connections are all busy, and not all silent."""
    server = replica.near.server
    if server is None:
        return True
    server.doubt()
    try:
        await server.check()
    except ServerSilentError:
        return False
    return True
