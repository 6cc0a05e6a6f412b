"""The numbers of the transactions that write the log: they put its events into an order that followers can
rely on.

An event's number is the id of the transaction that wrote it. Of transactions with smaller ids than the oldest
one that still runs, none can write any more. So who reads only events below that number, in the order
(transaction_id, id), never finds one later at a place that was read already. This needs no lock, and holds on
a replica too.

PostgreSQL counts transactions anew in a database that was restored from a dump. Then `mandant migrate` makes
the log's numbers go on above all that it has given: it raises the one row of
`log_numbering`, and a server does not start before.
"""

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, Integer, Text, cast, func, select, text

from models.base.columns import Column
from models.base.planes import control_table

GAP = 2**40
"""So many numbers are left out after a restore: more than the transactions that a backup can lack."""

log_numbering = control_table(
    "log_numbering",
    Column("id", Integer, primary_key=True, autoincrement=False, comment="There is one log."),
    Column(
        "ahead",
        BigInteger,
        nullable=False,
        comment="What the log's numbers are ahead of the database's transaction ids.",
    ),
    CheckConstraint("id = 1", name="one"),
)


def transaction_number() -> Column[int]:
    """The number of the transaction that inserts the row."""
    return Column(
        "transaction_id",
        BigInteger,
        nullable=False,
        server_default=text("mandant_log_number()"),
        comment="As the log counts transactions, see log_numbering.",
    )


def first_open_number() -> ColumnElement[int]:
    """The number of the oldest transaction that may still write, as of the statement's snapshot. What has a
    smaller one is settled."""
    oldest = func.pg_snapshot_xmin(func.pg_current_snapshot())
    ahead = func.coalesce(select(log_numbering.c.ahead).scalar_subquery(), 0)
    return select((cast(cast(oldest, Text), BigInteger) + ahead).label("open")).scalar_subquery()
