"""Connections to one server that only read: the application's, and those for far statements."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.compiled.far_answers import GAP, FarRead
from engine.database.pool import Pool
from engine.database.reachability import Reachability
from server.database.connecting import reachability
from server.database.connections import data_pool, read_pool


@dataclass(frozen=True)
class ReadPools:
    """Two pools of one server."""

    near: Pool
    far: Pool
    """For far statements (see `engine.declare.far`), on connections of the data plane's role."""

    @classmethod
    def open(cls, url: str, size: int, server: Reachability | None = None) -> "ReadPools":
        """Each has at most so many connections, opened when they are needed. `server`: as for writes."""
        known = server or reachability(url)
        return cls(read_pool(url, size, known), data_pool(url, size, known))

    def answer(self, sql: str, values: Sequence[Any], far: FarRead | None) -> Awaitable[bytes | None]:
        """The answer that a statement gives, with its gaps filled; None for no row. `far`: what fills them,
        if it may have any. Raises what `Pool.row` raises."""
        return self.near.value(sql, values) if far is None else self._filled(sql, values, far)

    async def close(self) -> None:
        """Close both pools."""
        await self.near.close()
        await self.far.close()

    async def _filled(self, sql: str, values: Sequence[Any], far: FarRead) -> bytes | None:
        answer = await self.near.value(sql, values)
        return answer if answer is None or GAP not in answer else await far.fill(answer, self.far.row)
