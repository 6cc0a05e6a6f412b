"""Where compiled reads go: to a replica, if there is one, and to the primary for what that cannot answer."""

from collections.abc import Awaitable, Sequence
from typing import Any

import asyncpg
import structlog

from engine.gates import CLOSED
from engine.pool import Pool, PoolTimeoutError

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


class Reads:
    """Answers from the replica where that knows who asks and contains the revision that is asked for."""

    def __init__(self, primary: Pool, replica: Pool | None) -> None:
        self._primary = primary
        self._replica = replica

    def value(self, sql: str, values: Sequence[Any]) -> Awaitable[bytes | None]:
        """The statement's only value: None where nobody has the token, CLOSED where no database contains the
        revision. Raises what `engine.pool.Pool.value` raises for the primary."""
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
