"""A gate: an expression that a statement evaluates before it reads, such as the one that names the caller to
the database."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, select

CLOSED = b"\x02"
"""The answer of a compiled read when the gate stays closed. No JSON text equals it."""

CLOSED_SQL = r"'\x02'::bytea"


class GateClosedError(Exception):
    """The gate stayed closed, so nothing was read."""


def behind(gate: ColumnElement[bool], statement: Select[Any]) -> Select[Any]:
    """The statement's only value if the gate is true, else NULL.

    The statement is a branch of a CASE, so PostgreSQL runs it after the gate.
    """
    return select(case((gate, statement.scalar_subquery())))
