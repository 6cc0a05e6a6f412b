"""Statements that never change, sent by asyncpg itself on the connection of a session's transaction.

SQLAlchemy's execution takes 4 to 10 times the CPU time of asyncpg's, and each write runs the same statements:
the guard's, the log's, the ledger's. SQLAlchemy writes their text once; asyncpg sends it.
"""

from collections.abc import Hashable, Mapping
from typing import Any

from sqlalchemy import ClauseElement, ColumnElement, UpdateBase

from engine.compiled.sql_text import Prepared, prepared
from engine.database.write_connection import FixedRow
from engine.writes.sessions import WriteSession, calling


class FixedCall:
    """A call of a stored function whose result nobody needs. Its values are all named."""

    def __init__(self, call: ColumnElement[Any]) -> None:
        self._prepared = prepared(calling(call))

    async def send(self, session: WriteSession, values: Mapping[str, Any]) -> None:
        """Run it together with the transaction's next statement, which raises its errors."""
        await session.send(self._prepared.sql, self._prepared.bound({}, values))


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
        found = self._written(variant)
        return await session.rows(found.sql, found.bound({}, values))

    async def send(self, session: WriteSession, values: Mapping[str, Any]) -> None:
        """Run it together with the transaction's next statement, which raises its errors. Raises TypeError
        where it returns rows, which nobody would read."""
        if not isinstance(self._statement, UpdateBase) or self._statement.returning_column_descriptions:
            raise TypeError("only a statement without rows can be sent along")
        found = self._written(None)
        await session.send(found.sql, found.bound({}, values))

    def _written(self, variant: Hashable) -> Prepared:
        found = self._prepared.get(variant)
        if found is None:
            found = self._prepared[variant] = prepared(self._statement, variant)
        return found
