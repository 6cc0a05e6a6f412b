"""Cuts a connection at one of the trips that a request takes to the database."""

import asyncio
import enum
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from unittest.mock import patch

import asyncpg
from sqlalchemy import Connection, Engine, event

from engine.database.read_connection import ReadConnection
from engine.database.write_connection import Unawaited, WriteConnection
from tests.engine.statements import before_fixed, is_application

T = TypeVar("T")

COMMIT = "COMMIT"


class Cut(enum.Enum):
    """When the connection is lost. With DURING, the server may or may not have worked on what was sent."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(frozen=True)
class Place:
    """A trip of a request: its number, counted from 1, among those of transactions that write, or among those
    of the pool that only reads."""

    number: int
    is_read: bool = False


async def _nothing() -> None: ...


@dataclass
class Cutter:
    """Cuts the connection of a request at a place, or at none. `committed` is awaited behind each COMMIT.

    The statements of all trips are noted, in their order.
    """

    place: Place | None = None
    when: Cut = Cut.BEFORE
    committed: Callable[[], Awaitable[None]] = _nothing
    writes: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    process: int | None = None
    """The database's process behind the connection that was cut."""
    is_over: bool = False
    """Whether the request is answered. Work that it began in the background goes on."""

    async def read(self, connection: ReadConnection, sql: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What is asked for, unless the connection is cut."""
        self.reads.append(sql)
        return await self._around(connection, Place(len(self.reads), is_read=True), ask)

    async def write(self, connection: ReadConnection, sql: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The same."""
        self.writes.append(sql)
        found = await self._around(connection, Place(len(self.writes)), ask)
        if sql == COMMIT:
            await self.committed()
        return found

    def before_sqlalchemy(self, connection: ReadConnection, sql: str) -> None:
        """To be called before a statement that SQLAlchemy sends."""
        self.writes.append(sql)
        self._ahead(connection, Place(len(self.writes)))

    def after_sqlalchemy(self, connection: ReadConnection) -> None:
        """To be called after it."""
        self._afterwards(connection, Place(len(self.writes)))

    async def _around(self, connection: ReadConnection, place: Place, ask: Callable[[], Awaitable[T]]) -> T:
        self._ahead(connection, place)
        found = await ask()
        self._afterwards(connection, place)
        return found

    def _ahead(self, connection: ReadConnection, place: Place) -> None:
        if place != self.place:
            return
        self.process = connection.get_server_pid()
        if self.when is Cut.BEFORE:
            connection.terminate()
        elif self.when is Cut.DURING:
            # By then the statement is sent, and its answer is not read.
            asyncio.get_running_loop().call_soon(connection.terminate)

    def _afterwards(self, connection: ReadConnection, place: Place) -> None:
        if place == self.place and self.when is Cut.AFTER:
            connection.terminate()


_cutter: ContextVar[Cutter | None] = ContextVar("cutter", default=None)
_sql: ContextVar[str] = ContextVar("sql of the trip", default="")
_behind = WriteConnection._behind
_row = ReadConnection.row


@contextmanager
def cutting(cutter: Cutter) -> Iterator[None]:
    """The trips of the requests inside go by the cutter."""
    token = _cutter.set(cutter)
    try:
        with (
            patch.object(WriteConnection, "_behind", _write),
            patch.object(ReadConnection, "row", _read),
        ):
            yield
    finally:
        cutter.is_over = True
        _cutter.reset(token)


def _at_work() -> Cutter | None:
    cutter = _cutter.get()
    return None if cutter is None or cutter.is_over else cutter


async def _write(
    connection: WriteConnection, ahead: Sequence[Unawaited], ask: Callable[[], Awaitable[Any]]
) -> Any:
    cutter = _at_work()
    if cutter is None:
        return await _behind(connection, ahead, ask)
    return await cutter.write(connection, _sql.get(), lambda: _behind(connection, ahead, ask))


async def _read(
    connection: ReadConnection, sql: str, values: Sequence[Any], *, keep: bool
) -> asyncpg.Record | None:
    cutter = _at_work()
    if cutter is None:
        return await _row(connection, sql, values, keep=keep)
    return await cutter.read(connection, sql, lambda: _row(connection, sql, values, keep=keep))


@before_fixed
async def _note(sql: str) -> None:
    """Of the statements that are sent together, the last one is the one that the code waits for."""
    _sql.set(sql)


@event.listens_for(Engine, "before_cursor_execute")
def _before(connection: Connection, _cursor: object, sql: str, *_: Any) -> None:
    cutter = _at_work()
    if cutter is not None and is_application(connection):
        cutter.before_sqlalchemy(_driver_of(connection), sql)


@event.listens_for(Engine, "after_cursor_execute")
def _after(connection: Connection, *_: Any) -> None:
    cutter = _at_work()
    if cutter is not None and is_application(connection):
        cutter.after_sqlalchemy(_driver_of(connection))


def _driver_of(connection: Connection) -> ReadConnection:
    return cast("ReadConnection", connection.connection.driver_connection)
