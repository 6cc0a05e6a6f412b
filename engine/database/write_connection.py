"""A connection of transactions that write: what nobody waits for travels with the next statement.

BEGIN, an event in a log, a job for the queue: no one needs their answers. asyncpg waits for each answer: a
trip to the server each time. Here their messages are put in front of the next statement's, and
the server answers all of them at once. Where one fails, the server skips what follows, and that statement
raises the error. `tests/engine/database/test_write_connection.py` holds what this leans on in asyncpg.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from engine.database import messages
from engine.database.read_connection import ReadConnection

T = TypeVar("T")

_PREPARED = 120
"""The fixed statements that a connection keeps: those of about 40 kinds of writes."""


_NAMED = 300
"""The statements without rows that a connection keeps. Most writes send the same few; lists of other lengths
make others."""


class FixedRow(asyncpg.Record):  # type: ignore[misc]  # asyncpg has no types
    """A row with its columns as attributes, as SQLAlchemy's rows have them."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Unawaited:
    """A statement that returns no rows, with its values, which travels in front of another one."""

    sql: str
    values: Sequence[Any] = ()


class WriteConnection(ReadConnection):
    """asyncpg's, for one transaction after the other."""

    __slots__ = ("_fixed", "_named", "_names", "_opened_with")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._fixed: OrderedDict[str, Any] = OrderedDict()
        self._named: dict[str, str] = {}
        self._names = 0
        self._opened_with: Any = self._config

    @property
    def is_spent(self) -> bool:
        """Whether its process in the database has kept enough: it is time for another connection."""
        return self.memory.spent or len(self._named) > _NAMED

    def wait_up_to(self, seconds: float | None) -> None:
        """Give up each further statement only after so long. None: after as long as when it was opened."""
        opened = self._opened_with
        # asyncpg reads it for each statement.
        self._config: Any = (  # type: ignore[misc]  # it is a slot of asyncpg's
            opened if seconds is None else opened._replace(command_timeout=seconds)
        )

    async def run(
        self, sql: str, values: Sequence[Any], ahead: Sequence[Unawaited] = (), *, counted: bool = False
    ) -> tuple[list[FixedRow], int]:
        """All rows of a statement, behind those `ahead`. `counted`: and how many rows it returned or changed.
        Raises what asyncpg raises."""
        statement = await self._kept(sql)
        found: list[FixedRow] = await self._behind(ahead, lambda: statement.fetch(*values))
        return found, _count(statement.get_statusmsg()) if counted else 0

    async def run_each(
        self, sql: str, rows: Sequence[Sequence[Any]], ahead: Sequence[Unawaited] = ()
    ) -> None:
        """A statement that returns no rows, once for each of these values. Raises what asyncpg raises."""
        statement = await self._kept(sql)
        await self._behind(ahead, lambda: statement.executemany(rows))

    async def row_behind(
        self, sql: str, values: Sequence[Any], ahead: Sequence[Unawaited], *, keep: bool
    ) -> asyncpg.Record | None:
        """As `row`, behind statements `ahead`."""
        statement = self.prepared.get(sql)
        if statement is None:
            statement = await self.prepare_kept(sql, keep=keep)
        return await self._behind(ahead, lambda: statement.fetchrow(*values))

    async def _kept(self, sql: str) -> Any:
        """The statement, prepared by asyncpg."""
        statement = self._fixed.get(sql)
        if statement is None:
            statement = self._fixed[sql] = await self.prepare(sql, record_class=FixedRow)
            if len(self._fixed) > _PREPARED:
                self._fixed.popitem(last=False)
        else:
            self._fixed.move_to_end(sql)
        return statement

    async def _behind(self, ahead: Sequence[Unawaited], ask: Callable[[], Awaitable[T]]) -> T:
        if not ahead:
            return await ask()
        new: dict[str, str] = {}
        self._transport.write(b"".join(self._written(each, new) for each in ahead))
        try:
            found = await ask()
        except BaseException as error:
            if getattr(error, "severity", None) is None:
                # Not the server's answer: what was sent is not known to be ended by a Sync.
                self.terminate()
            raise
        self._named.update(new)
        return found

    def _written(self, statement: Unawaited, new: dict[str, str]) -> bytes:
        name = self._named.get(statement.sql) or new.get(statement.sql)
        if name is not None:
            return messages.execute(name, statement.values)
        self._names += 1
        name = new[statement.sql] = f"mandant_{self._names}"
        return messages.parse(name, statement.sql) + messages.execute(name, statement.values)


def _count(did: str) -> int:
    """How many rows it was, by PostgreSQL's word for what a statement did: `UPDATE 3`."""
    last = did.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
