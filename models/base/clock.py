"""The clock that plans, cycles and sends go by: the database's, in one place.

Its table is written by the database's owner alone: a test can tell what happens over months, the demo can
have a past, and `mandant clock forward` shows what comes next in an embedded database. A server, which acts
as the application's role, cannot move it.
"""

import datetime

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, DateTime, Integer, Table, func, text

from models.base.columns import Column, metadata

clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="There is one clock."),
    Column("ahead", BigInteger, nullable=False, server_default=text("0"), comment="In seconds."),
    CheckConstraint("id = 1", name="one"),
)


def current_moment() -> ColumnElement[datetime.datetime]:
    """The beginning of the transaction, by that clock."""
    return func.mandant_now(type_=DateTime(timezone=True))
