"""The statements that the application sends to the data plane, with their values."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import asyncpg
from sqlalchemy import Connection, Engine, event

from engine.database.read_connection import ReadConnection
from models.base.planes import Plane, tables_of
from tests.engine.statements import is_application

_row = ReadConnection.row
_NAMES = [f" {table.name} " for table in tables_of(Plane.DATA)]


@dataclass(frozen=True)
class Sent:
    """A statement with `$n`."""

    sql: str
    values: tuple[Any, ...]


@contextmanager
def far_statements() -> Iterator[list[Sent]]:
    """What the requests inside send, by either executor, that names a table of the data plane."""
    found: list[Sent] = []

    def note(sql: str, values: Sequence[Any]) -> None:
        if any(name in sql for name in _NAMES):
            found.append(Sent(sql, tuple(values)))

    async def noted_row(
        connection: ReadConnection, sql: str, values: Sequence[Any], *, keep: bool
    ) -> asyncpg.Record | None:
        note(sql, values)
        return await _row(connection, sql, values, keep=keep)

    def note_execution(
        connection: Connection, cursor: object, sql: str, values: Sequence[Any], *_: object
    ) -> None:
        if is_application(connection):
            note(sql, values)

    event.listen(Engine, "before_cursor_execute", note_execution)
    try:
        with patch.object(ReadConnection, "row", noted_row):
            yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note_execution)
