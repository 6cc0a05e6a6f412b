"""A gate: an expression that a statement evaluates before it reads, such as the one that names the caller to
the database."""

from typing import Any, NamedTuple

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


class Gates(NamedTuple):
    """What the statements of an answer open before they read."""

    near: ColumnElement[bool]
    far: ColumnElement[bool]
    """What a far statement opens: the tree that the parameter `engine.declare.far.TREE_VALUE` names."""
