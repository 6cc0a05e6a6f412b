"""Counts for rate limits: sign-ins, sign-ups, mail. A reference table."""

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, Text

from models.base.columns import Column, moment
from models.base.planes import control_table

attempts = control_table(
    "attempts",
    Column("subject", Text, nullable=False, comment="What is counted, such as an address."),
    moment("window_start", nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("subject", "window_start"),
    Index(None, "window_start"),
)
