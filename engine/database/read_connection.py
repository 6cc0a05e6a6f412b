"""A connection for compiled reads, and the statements that were prepared on it."""

from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from typing import Any

import asyncpg

from engine.database.backend_memory import BackendMemory
from engine.database.driver import DriverConnection

GIVEN_UP = -1
"""Of `ReadConnection.taken_at`: what is at work on it was given up."""


class ReadConnection(DriverConnection):
    """A connection that keeps the statements that were used last, as many as its memory allows."""

    __slots__ = ("memory", "prepared", "taken_at")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.prepared: OrderedDict[str, Any] = OrderedDict()
        self.memory = BackendMemory()
        self.taken_at = 0
        """The pool's look at which it was taken last, or GIVEN_UP."""

    def row(self, sql: str, values: Sequence[Any], *, keep: bool) -> Awaitable[asyncpg.Record | None]:
        """The first row, if there is one. `keep`: the statement stays prepared, if it is not yet."""
        statement = self.prepared.get(sql)
        if statement is None:
            return self._first_row(sql, values, keep=keep)
        self.prepared.move_to_end(sql)
        found: Awaitable[asyncpg.Record | None] = statement.fetchrow(*values)
        return found

    async def _first_row(self, sql: str, values: Sequence[Any], *, keep: bool) -> asyncpg.Record | None:
        statement = await self.prepare_kept(sql, keep=keep)
        return await statement.fetchrow(*values)

    async def prepare_kept(self, sql: str, *, keep: bool) -> Any:
        """The statement, prepared: `keep`: for the next time too."""
        self._make_room(sql, keep=keep)
        self.memory.plan(len(sql))
        # PostgreSQL drops a statement without a name when the next one of them comes.
        statement = await self.prepare(sql, name=None if keep else "")
        if keep:
            self.prepared[sql] = statement
            self.memory.keep(len(sql))
        return statement

    def _make_room(self, sql: str, *, keep: bool) -> None:
        # asyncpg closes what nobody holds any more once the next is parsed, and before that is planned.
        while self.prepared and self.memory.excess_with(len(sql), kept=keep) > 0:
            dropped, _ = self.prepared.popitem(last=False)
            self.memory.drop(len(dropped))
