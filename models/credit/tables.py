"""The ledger: double entry, in micro-units of the tree's currency (N6).

Every account has books: its balances, and a chain of entries without gaps. Each entry holds the hash of the
previous one, so an account can check its own books without seeing another's. Only the stored function
`ledger_post` writes rows: it locks the books, and lets no transaction through whose entries do not sum to
zero or that takes a balance below its floor.
"""

import enum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)

from models.accounts.tables import one_of
from models.base.columns import Column, account_columns, account_reference, moment
from models.base.planes import control_table


class BalanceKind(enum.Enum):
    """The purpose of a balance."""

    CREDIT = "CREDIT"
    RESERVED = "RESERVED"
    OUTSIDE = "OUTSIDE"


class LedgerTransactionKind(enum.Enum):
    """Why money moved."""

    TRANSFER = "TRANSFER"
    TOP_UP = "TOP_UP"
    SETTLEMENT = "SETTLEMENT"
    SEND = "SEND"
    FORFEITURE = "FORFEITURE"


GENESIS = bytes(32)
"""The previous hash of the first entry."""

LONGEST_MEMO = 200
"""In characters."""

ledgers = control_table(
    "ledgers",
    *account_columns(),
    Column("currency", Text, nullable=False, comment="The tree's."),
    Column("entry_count", BigInteger, nullable=False, server_default=text("0")),
    Column(
        "head",
        LargeBinary,
        nullable=False,
        server_default=text(f"'\\x{GENESIS.hex()}'"),
        comment="The hash of the last entry.",
    ),
    moment("changed_at", nullable=False),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    comment="An account's books. Whoever posts locks this row: it is the only lock that the ledger needs.",
)

ledger_balances = control_table(
    "ledger_balances",
    *account_columns(),
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False, comment="In micro-units; the sum of its entries."),
    PrimaryKeyConstraint("master_id", "account_id", "kind"),
    ForeignKeyConstraint(["master_id", "account_id"], ["ledgers.master_id", "ledgers.account_id"]),
    one_of("kind", BalanceKind),
    # Only the OUTSIDE balance may be negative: it counts what came in from outside.
    CheckConstraint(f"amount >= 0 OR kind = '{BalanceKind.OUTSIDE.value}'", name="floor"),
)

ledger_transactions = control_table(
    "ledger_transactions",
    Column("master_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor_user_id", Uuid, ForeignKey("users.id")),
    Column("actor_api_key_id", Uuid),
    Column("memo", Text, comment="For people, on both sides."),
    moment("created_at", nullable=False),
    PrimaryKeyConstraint("master_id", "id"),
    one_of("kind", LedgerTransactionKind),
    CheckConstraint(f"char_length(memo) BETWEEN 1 AND {LONGEST_MEMO}", name="memo_length"),
    Index("ix_ledger_transactions_id", "id"),
)

ledger_entries = control_table(
    "ledger_entries",
    *account_columns(),
    Column("sequence", BigInteger, nullable=False, comment="From 1, without gaps, for each account."),
    Column("transaction_id", Uuid, nullable=False),
    Column("balance", Text, nullable=False, comment="The kind of the balance that it changes."),
    Column("amount", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column(
        "hash",
        LargeBinary,
        nullable=False,
        comment="SHA-256 of the previous hash and of the entry.",
    ),
    moment("created_at", nullable=False),
    PrimaryKeyConstraint("master_id", "account_id", "sequence"),
    ForeignKeyConstraint(
        ["master_id", "transaction_id"], ["ledger_transactions.master_id", "ledger_transactions.id"]
    ),
    ForeignKeyConstraint(
        ["master_id", "account_id", "balance"],
        ["ledger_balances.master_id", "ledger_balances.account_id", "ledger_balances.kind"],
    ),
    CheckConstraint("amount <> 0", name="amount"),
    Index("ix_ledger_entries_transaction_id", "transaction_id"),
    Index("ix_ledger_entries_created_at", "account_id", "balance", "created_at", "sequence"),
)
