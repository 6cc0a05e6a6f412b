"""What callers have spent on requests, told to the database for all processes together."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, ColumnClause, ColumnElement, Text, column, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from engine.writes.sessions import WriteSession
from models.effects.cost_budgets import cost_budgets


class Spending(NamedTuple):
    """What a process has spent of one budget since it last said so, and how the budget is set: `most`, and
    `rate` a second."""

    subject: str
    spent: int
    most: int
    rate: int


_TYPES = (Text, BigInteger, BigInteger, BigInteger)


async def settle(session: WriteSession, spendings: Sequence[Spending]) -> dict[str, int]:
    """Take what was spent off the budgets, each subject once. What is left of each: below 0 where processes
    together spent more than there was."""
    columns = zip(*spendings, strict=True)
    arrays: list[ColumnElement[Any]] = [
        literal(list(values), ARRAY(type_)) for values, type_ in zip(columns, _TYPES, strict=True)
    ]
    names: list[ColumnClause[Any]] = [
        column(name, type_) for name, type_ in zip(Spending._fields, _TYPES, strict=True)
    ]
    told = func.unnest(*arrays).table_valued(*names).render_derived()
    # In one order, so that two processes do not lock the same rows in opposite ones.
    rows = select(
        told.c.subject,
        told.c.most - told.c.spent,
        told.c.most,
        told.c.rate,
        func.statement_timestamp(),
    ).order_by(told.c.subject)
    new = insert(cost_budgets).from_select(["subject", "level", "most", "rate", "settled_at"], rows)
    since = func.extract("epoch", new.excluded.settled_at - cost_budgets.c.settled_at)
    restored = func.floor(func.greatest(since, 0) * new.excluded.rate).cast(BigInteger)
    before = func.least(new.excluded.most, cost_budgets.c.level + restored)
    merged = new.on_conflict_do_update(
        index_elements=["subject"],
        set_={
            "level": before - (new.excluded.most - new.excluded.level),
            "most": new.excluded.most,
            "rate": new.excluded.rate,
            "settled_at": func.greatest(new.excluded.settled_at, cost_budgets.c.settled_at),
        },
    ).returning(cost_budgets.c.subject, cost_budgets.c.level)
    return {row.subject: row.level for row in (await session.execute(merged)).all()}
