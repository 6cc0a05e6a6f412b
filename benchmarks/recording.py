"""Records what Mandant sends to PostgreSQL for a request, statement by statement."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import Any
from unittest.mock import patch

import asyncpg
from graphql import parse
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.in_process import answer, credentials_of, executor, reading
from benchmarks.operations import CHANGES, Ask, Operation, again
from engine.database.pool import Pool
from engine.database.write_connection import Unawaited, WriteConnection
from server.database.connections import connect_as_application
from server.graphql.runner import OperationRunner
from server.http.request import GraphQLRequest


@dataclass(frozen=True)
class Sent:
    """A statement with `$n`, and their values in PostgreSQL's text form."""

    sql: str
    values: tuple[str | None, ...]
    ahead: bool = False
    """Whether it travels with the next one."""


async def record(database_url: str, operation: Operation, asks: Sequence[Ask]) -> list[list[Sent]]:
    """For each request the statements that it took, one after the other."""
    sent: list[Sent] = []
    database = _watched(connect_as_application(database_url, 1), sent)
    reads, far = _WatchedReads(database_url, sent), _WatchedReads(database_url, sent, is_far=True)
    mandant = executor(database, reads, far)
    recorded = []
    try:
        await (await database.connect()).close()  # SQLAlchemy looks at a server that it does not know yet
        with _writes_watched(sent):
            for ask in asks:
                # The second time its caller is known, as in the load.
                await _answer(mandant, operation, ask)
                sent.clear()
                await _answer(mandant, operation, again(operation, ask))
                recorded.append(list(sent))
    finally:
        await reads.close()
        await far.close()
        await database.dispose()
    return recorded


class _WatchedReads(Pool):
    """Records the statements of compiled reads."""

    def __init__(self, database_url: str, sent: list[Sent], *, is_far: bool = False) -> None:
        super().__init__(lambda: reading(database_url, is_far=is_far), 1)
        self._sent = sent

    async def row(self, sql: str, values: Sequence[Any]) -> asyncpg.Record | None:
        self._sent.append(_sent(sql, values))
        return await super().row(sql, values)


def _watched(database: AsyncEngine, sent: list[Sent]) -> AsyncEngine:
    """Records SQLAlchemy's statements."""

    @event.listens_for(database.sync_engine, "before_cursor_execute")
    def execute(connection: object, cursor: object, sql: str, values: Sequence[Any], *rest: object) -> None:
        sent.append(_sent(sql, values))

    return database


@contextmanager
def _writes_watched(sent: list[Sent]) -> Iterator[None]:
    """Notes the statements of transactions that write, with what travels with them."""
    run, row_behind = WriteConnection.run, WriteConnection.row_behind

    def note(sql: str, values: Sequence[Any], ahead: Sequence[Unawaited]) -> None:
        sent.extend(replace(_sent(each.sql, each.values), ahead=True) for each in ahead)
        sent.append(_sent(sql, values))

    async def noted_run(
        connection: WriteConnection,
        sql: str,
        values: Sequence[Any],
        ahead: Sequence[Unawaited] = (),
        *,
        counted: bool = False,
    ) -> Any:
        note(sql, values, ahead)
        return await run(connection, sql, values, ahead, counted=counted)

    async def noted_row(
        connection: WriteConnection,
        sql: str,
        values: Sequence[Any],
        ahead: Sequence[Unawaited],
        *,
        keep: bool,
    ) -> Any:
        note(sql, values, ahead)
        return await row_behind(connection, sql, values, ahead, keep=keep)

    with (
        patch.object(WriteConnection, "run", noted_run),
        patch.object(WriteConnection, "row_behind", noted_row),
    ):
        yield


async def _answer(mandant: OperationRunner, operation: Operation, ask: Ask) -> None:
    document = parse(operation.document)
    if operation in CHANGES:
        request = GraphQLRequest(operation.document, None, ask.variables)
        await mandant.reference(request, document, credentials_of(ask), "")
    else:
        await answer(mandant, operation.document, document, ask)


def _sent(sql: str, values: Sequence[Any]) -> Sent:
    return Sent(sql, tuple(_as_text(value) for value in values))


def _as_text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bytes():
            return f"\\x{value.hex()}"
        case bool():
            return str(value).lower()
        case str() | int() | uuid.UUID() | IPv4Address() | IPv4Network():
            return str(value)
        case datetime():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds()} seconds"
        case list():
            return f"{{{','.join(map(_as_item, value))}}}"
        case _:
            raise TypeError(f"no text is known for a {type(value).__name__}")


def _as_item(value: object) -> str:
    """As an array has it."""
    text = _as_text(value)
    if text is None:
        return "NULL"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
