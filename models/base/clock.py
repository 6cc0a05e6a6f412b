"""The clock of plans, cycles and sends: the database's clock, plus the seconds in one row.

Only the database's owner writes the row. So a test can run over months, the demo can have a past, and
`mandant clock forward` shows what comes next in an embedded database. A server, which acts as the
application's role, cannot move the clock.
"""

import datetime

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, DateTime, Integer, func, text

from models.base.columns import Column
from models.base.planes import control_table

clock = control_table(
    "clock",
    Column("id", Integer, primary_key=True, autoincrement=False, comment="There is one clock."),
    Column("ahead", BigInteger, nullable=False, server_default=text("0"), comment="In seconds."),
    CheckConstraint("id = 1", name="one"),
)


def current_moment() -> ColumnElement[datetime.datetime]:
    """When the transaction began, by this clock."""
    return func.mandant_now(type_=DateTime(timezone=True))
