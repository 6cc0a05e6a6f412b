"""A gate: an expression that a statement evaluates before it reads, such as the one that names the caller to
the database."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, literal_column, select

CLOSED = b"\x02"
"""The answer of `answering_behind` when the gate stays closed. No JSON text equals it."""


class GateClosedError(Exception):
    """The gate stayed closed, so nothing was read."""


def behind(gate: ColumnElement[bool], statement: Select[Any]) -> Select[Any]:
    """The statement's only value if the gate is true, else NULL.

    The statement is a branch of a CASE, so PostgreSQL runs it after the gate.
    """
    return _behind(gate, statement, None)


def answering_behind(gate: ColumnElement[bool], statement: Select[Any]) -> Select[Any]:
    """The same for a statement that answers bytes; else CLOSED."""
    return _behind(gate, statement, literal_column(r"'\x02'::bytea"))


def _behind(
    gate: ColumnElement[bool], statement: Select[Any], otherwise: ColumnElement[bytes] | None
) -> Select[Any]:
    return select(case((gate, statement.scalar_subquery()), else_=otherwise))
