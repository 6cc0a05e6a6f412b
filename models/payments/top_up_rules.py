"""Rules for automatic top-ups (N10, T19): below which balance, how much, and how often."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Uuid,
    text,
)

from models.base.columns import Column, account_columns, account_reference, created_at, moment
from models.base.planes import control_table

top_up_rules = control_table(
    "top_up_rules",
    *account_columns(),
    Column("threshold", BigInteger, nullable=False, comment="In micro-units: below it a top-up begins."),
    Column("amount", BigInteger, nullable=False, comment="In micro-units, of each top-up."),
    Column("daily_maximum", BigInteger, nullable=False, comment="In micro-units, for a day in UTC."),
    Column("payment_method_id", Uuid, nullable=False),
    Column("refusals", Integer, nullable=False, server_default=text("0"), comment="In a row."),
    moment("paused_at"),
    # ledger_post writes it too, whenever it leaves less than the threshold.
    Column("due_at", DateTime(timezone=True), comment="When a worker begins the next one."),
    created_at(),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    ForeignKeyConstraint(
        ["master_id", "account_id", "payment_method_id"],
        ["payment_methods.master_id", "payment_methods.account_id", "payment_methods.id"],
    ),
    CheckConstraint("threshold > 0", name="threshold"),
    # One top-up lifts any balance above the threshold, so that no top-up causes another (T19).
    CheckConstraint("amount > threshold", name="amount"),
    CheckConstraint("daily_maximum >= amount", name="daily_maximum"),
    CheckConstraint("paused_at IS NULL OR due_at IS NULL", name="paused"),
    Index("ix_top_up_rules_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
)
