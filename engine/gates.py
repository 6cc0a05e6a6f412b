"""A gate: an expression that a statement has to evaluate before it reads anything, such as one that tells the
database who asks."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, select


def behind(gate: ColumnElement[bool], statement: Select[Any]) -> Select[Any]:
    """The statement's only value, read once the gate has become true; else NULL.

    The gate is a row of its own, and the statement stands in a branch that PostgreSQL runs only for it.
    """
    opened = select(gate.label("open")).cte("gate").prefix_with("MATERIALIZED")
    return select(case((opened.c.open, statement.scalar_subquery()))).select_from(opened)
