"""What callers may still spend on requests, as all processes told it last. A reference table."""

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, Text

from models.base.columns import Column, moment
from models.base.planes import control_table

cost_budgets = control_table(
    "cost_budgets",
    Column("subject", Text, nullable=False, comment="Whose budget it is, such as a tree."),
    Column("level", BigInteger, nullable=False, comment="What was left then; below 0 where more was spent."),
    Column("most", BigInteger, nullable=False, comment="What a full budget has."),
    Column("rate", BigInteger, nullable=False, comment="What is restored each second."),
    moment("settled_at", nullable=False),
    PrimaryKeyConstraint("subject"),
    Index(None, "settled_at"),
)
