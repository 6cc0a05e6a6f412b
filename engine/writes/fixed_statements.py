"""Statements that never change, sent by asyncpg itself on the connection of a session's transaction.

SQLAlchemy's execution takes 4 to 10 times the CPU time of asyncpg's, and each write runs the same statements:
the guard's, the log's, the ledger's. SQLAlchemy writes their text once; asyncpg sends it.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import ClauseElement
from sqlalchemy.exc import DBAPIError

from engine.compiled.sql_text import Prepared, prepared
from engine.writes.sessions import WriteSession


class FixedRow(asyncpg.Record):  # type: ignore[misc]  # asyncpg has no types
    """A row with its columns as attributes, as SQLAlchemy's rows have them."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class FixedStatement:
    """A statement whose values are all named."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._prepared: dict[Hashable, Prepared] = {}

    async def rows(
        self, session: WriteSession, values: Mapping[str, Any], variant: Hashable = None
    ) -> list[FixedRow]:
        """All rows; `values` in asyncpg's types. `variant`: see `engine.compiled.sql_text.only_in`.

        Raises DBAPIError.
        """
        found = self._prepared.get(variant)
        if found is None:
            found = self._prepared[variant] = prepared(self._statement, variant)
        return await send(session.driver, found.sql, found.bound({}, values))


async def send(connection: asyncpg.Connection, sql: str, values: Sequence[Any]) -> list[FixedRow]:
    """The statement's rows. PostgreSQL's errors are raised as SQLAlchemy raises them: DBAPIError."""
    try:
        rows: list[FixedRow] = await connection.fetch(sql, *values, record_class=FixedRow)
    except asyncpg.PostgresError as error:
        raise DBAPIError(sql, None, error, hide_parameters=True) from error
    return rows
