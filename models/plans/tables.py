"""Plans and subscriptions (R10, R18, R89-R94, T22).

Plans are a catalogue, the same for every tree. A subscription belongs to an account; accounts below it
without one of their own use it. Its plan at a moment is the last choice that holds then.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    true,
)

from models.accounts.tables import Currency, one_of
from models.base.columns import Column, account_columns, account_reference, created_at, moment
from models.base.planes import control_table

MOST_IN_A_CYCLE = 2**31 - 1
"""Contacts or sends: the largest GraphQL Int."""

plans = control_table(
    "plans",
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False, comment="Of trees that may choose it."),
    Column("price", BigInteger, nullable=False, comment="Of a cycle, in micro-units."),
    Column("active_contacts", BigInteger, nullable=False, comment="In a cycle (R91)."),
    Column("sends", BigInteger, nullable=False, comment="In a cycle (R93)."),
    Column("send_price", BigInteger, comment="Of a send beyond, in micro-units; null: there is none."),
    Column("subaccounts_allowed", Boolean, nullable=False, comment="Whether new ones may be made (R10)."),
    Column("block_contacts", BigInteger, nullable=False, comment="In one more block of contacts (R94)."),
    Column("block_sends", BigInteger, nullable=False, comment="Sends that come with it."),
    Column("block_price", BigInteger, comment="In micro-units, for the cycle; null: none are sold."),
    Column(
        "on_offer",
        Boolean,
        nullable=False,
        server_default=true(),
        comment="Whether it can be chosen; who has it keeps it.",
    ),
    UniqueConstraint("currency", "code"),
    one_of("currency", Currency),
    CheckConstraint("price >= 0 AND send_price > 0 AND block_price > 0", name="prices"),
    CheckConstraint(
        f"active_contacts BETWEEN 1 AND {MOST_IN_A_CYCLE} AND sends BETWEEN 1 AND {MOST_IN_A_CYCLE}"
        f" AND block_contacts BETWEEN 1 AND {MOST_IN_A_CYCLE}"
        f" AND block_sends BETWEEN 1 AND {MOST_IN_A_CYCLE}",
        name="counts",
    ),
)

subscriptions = control_table(
    "subscriptions",
    *account_columns(),
    Column("time_zone", Text, nullable=False, comment="An IANA zone: in which its days begin."),
    moment("anchored_at", nullable=False),
    created_at(),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    comment="A first plan that waits is anchored at the moment from which it holds.",
)

plan_choices = control_table(
    "plan_choices",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("plan_id", Uuid, ForeignKey("plans.id"), nullable=False),
    moment("holds_from", nullable=False),
    moment("withdrawn_at"),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    ForeignKeyConstraint(
        ["master_id", "account_id"], ["subscriptions.master_id", "subscriptions.account_id"]
    ),
    Index("ix_plan_choices_account_id", "account_id", "holds_from", "id"),
)

limit_increases = control_table(
    "limit_increases",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    moment("cycle_starts_at", nullable=False),
    Column("contacts", BigInteger, nullable=False),
    Column("sends", BigInteger, nullable=False),
    Column("price", BigInteger, nullable=False, comment="In micro-units."),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    ForeignKeyConstraint(
        ["master_id", "account_id"], ["subscriptions.master_id", "subscriptions.account_id"]
    ),
    CheckConstraint("contacts > 0 AND sends > 0 AND price > 0", name="amounts"),
    Index("ix_limit_increases_account_id", "account_id", "cycle_starts_at"),
)
