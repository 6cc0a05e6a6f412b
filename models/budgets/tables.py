"""Budgets: how much a subaccount may use of what an account above has, and how much is reserved for it (R28,
N10).

A cap limits what an account and all below it may use in a billing cycle. A guarantee reserves a part of the
plan's sends, or of the pool's credit, that nobody else may use. Only the account that has the plan or the
pool gives guarantees, to accounts directly below it.
"""

import enum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    TableValuedAlias,
    Text,
    Uuid,
    column,
    func,
)

from models.accounts.tables import one_of
from models.base.columns import Column, account_columns, account_reference
from models.base.planes import control_table


class BudgetCurrency(enum.Enum):
    """What a budget is counted in."""

    SENDS = "SENDS"
    CREDIT = "CREDIT"


budgets = control_table(
    "budgets",
    *account_columns(),
    Column("currency", Text, nullable=False),
    Column("cap", BigInteger, comment="In a cycle, by the account and all below it; null: there is none."),
    Column("guarantee", BigInteger, nullable=False, comment="In a cycle, of the same; zero: there is none."),
    PrimaryKeyConstraint("master_id", "account_id", "currency"),
    account_reference(),
    one_of("currency", BudgetCurrency),
    CheckConstraint("cap >= 0 AND guarantee >= 0 AND guarantee <= cap", name="amounts"),
    CheckConstraint("cap IS NOT NULL OR guarantee > 0", name="content"),
    comment="In sends, or in micro-units of credit. Whoever counts against a cap locks its row.",
)

credit_counts = control_table(
    "credit_counts",
    *account_columns(),
    Column("cycle_id", Uuid, nullable=False),
    Column("payer_id", Uuid, nullable=False, comment="Whose credit it was."),
    Column("amount", BigInteger, nullable=False, comment="In micro-units, reserved or spent."),
    PrimaryKeyConstraint("master_id", "cycle_id", "account_id", "payer_id"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "cycle_id"], ["send_cycles.master_id", "send_cycles.id"]),
    ForeignKeyConstraint(["master_id", "payer_id"], ["accounts.master_id", "accounts.id"]),
    CheckConstraint("amount >= 0", name="amount"),
    Index("ix_credit_counts_payer_id", "payer_id"),
    comment="What each account has used in a cycle of each pool.",
)


def kept_credit(
    master_id: ColumnElement[object], pool_id: ColumnElement[object], subscriber_id: ColumnElement[object]
) -> TableValuedAlias:
    """What a pool keeps free for each account that it guarantees credit to, in micro-units."""
    columns = (column("account_id", Uuid), column("amount", BigInteger))
    return func.mandant_kept_credit(master_id, pool_id, subscriber_id).table_valued(*columns)
