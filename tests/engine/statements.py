"""Which SQL statements a request sends: through SQLAlchemy, past it, and on connections of compiled reads."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

import asyncpg
from sqlalchemy import Connection, Engine, event

from engine.database.read_connection import ReadConnection
from engine.database.write_connection import Unawaited, WriteConnection
from models.base.columns import APPLICATION_ROLE

_HOUSEKEEPING = "WITH used AS "
"""Sent once in a while, whoever happens to ask then, so they are not counted."""

_trips: ContextVar[list[str] | None] = ContextVar("trips", default=None)
_seen: ContextVar[list[str] | None] = ContextVar("seen_statements", default=None)
_row = ReadConnection.row
_run = WriteConnection.run
_row_behind = WriteConnection.row_behind
_run_each = WriteConnection.run_each
_fixed_watchers: list[Callable[[str], Awaitable[None]]] = []


def before_fixed(watcher: Callable[[str], Awaitable[None]]) -> Callable[[str], Awaitable[None]]:
    """Have the watcher awaited before each statement that goes past SQLAlchemy."""
    _fixed_watchers.append(watcher)
    return watcher


async def _watch(ahead: Sequence[Unawaited], sql: str) -> None:
    for statement in (*(each.sql for each in ahead), sql):
        for watcher in _fixed_watchers:
            await watcher(statement)


async def _watched_run(
    connection: WriteConnection,
    sql: str,
    values: Sequence[Any],
    ahead: Sequence[Unawaited] = (),
    *,
    counted: bool = False,
) -> Any:
    await _watch(ahead, sql)
    _note_trip(sql)
    return await _run(connection, sql, values, ahead, counted=counted)


async def _watched_row_behind(
    connection: WriteConnection, sql: str, values: Sequence[Any], ahead: Sequence[Unawaited], *, keep: bool
) -> Any:
    await _watch(ahead, sql)
    _note_trip(sql)
    return await _row_behind(connection, sql, values, ahead, keep=keep)


async def _watched_run_each(
    connection: WriteConnection, sql: str, rows: Sequence[Sequence[Any]], ahead: Sequence[Unawaited] = ()
) -> None:
    await _watch(ahead, sql)
    _note_trip(sql)
    await _run_each(connection, sql, rows, ahead)


for _name, _watched in (
    ("run", _watched_run),
    ("row_behind", _watched_row_behind),
    ("run_each", _watched_run_each),
):
    setattr(WriteConnection, _name, _watched)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that the application sends for the requests inside, in their order."""
    found: list[str] = []
    token = _seen.set(found)
    try:
        with patch.object(ReadConnection, "row", _noted_row):
            yield found
    finally:
        _seen.reset(token)


@contextmanager
def trips() -> Iterator[list[str]]:
    """What the application waits for of the database for the requests inside, in their order: the statement
    of each trip, whatever travels with it. What is prepared once on a connection is not counted."""
    found: list[str] = []
    token = _trips.set(found)
    try:
        with patch.object(ReadConnection, "row", _noted_row):
            yield found
    finally:
        _trips.reset(token)


def is_application(connection: Connection) -> bool:
    """Whether it is one of the application's connections, not one of a test's own."""
    return connection.engine.url.username == APPLICATION_ROLE


async def _noted_row(
    connection: ReadConnection, sql: str, values: Sequence[Any], *, keep: bool
) -> asyncpg.Record | None:
    _note(sql)
    _note_trip(sql)
    return await _row(connection, sql, values, keep=keep)


@event.listens_for(Engine, "before_cursor_execute")
def _note_execution(connection: Connection, _cursor: object, statement: str, *_: Any) -> None:
    if is_application(connection):
        _note(statement)
        _note_trip(statement)


@before_fixed
async def _note_fixed(statement: str) -> None:
    _note(statement)


def _note_trip(statement: str) -> None:
    found = _trips.get()
    if found is not None and not statement.startswith(_HOUSEKEEPING):
        found.append(statement)


def _note(statement: str) -> None:
    found = _seen.get()
    if found is not None and not statement.startswith((_HOUSEKEEPING, "BEGIN", "COMMIT")):
        found.append(statement)
