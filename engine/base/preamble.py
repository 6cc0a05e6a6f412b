"""A gate: an expression that a statement has to evaluate before it reads anything, such as one that tells the
database who asks."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, literal_column, select

CLOSED = b"\x02"
"""What `answering_behind` answers where the gate stays closed: no JSON text can be that."""


class GateClosedError(Exception):
    """A gate has stayed closed, so nothing was read."""


def behind(gate: ColumnElement[bool], statement: Select[Any]) -> Select[Any]:
    """The statement's only value, read once the gate has become true; else NULL.

    The statement stands in a branch that PostgreSQL runs only once the gate has told.
    """
    return _behind(gate, statement, None)


def answering_behind(gate: ColumnElement[bool], statement: Select[Any]) -> Select[Any]:
    """The same for a statement that answers bytes; else CLOSED."""
    return _behind(gate, statement, literal_column(r"'\x02'::bytea"))


def _behind(
    gate: ColumnElement[bool], statement: Select[Any], otherwise: ColumnElement[bytes] | None
) -> Select[Any]:
    return select(case((gate, statement.scalar_subquery()), else_=otherwise))
