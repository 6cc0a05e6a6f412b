"""the ledger: balances, transactions and entries that are only ever added; payment methods and top-ups"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0005"

ROLE = "mandant_application"

# The ledger is written by the function ledger_post alone, which runs as its owner (models/ledger_posting.py).
GRANTS = {
    "accounts": "UPDATE (credit_mode)",
    "ledgers": "SELECT",
    "ledger_balances": "SELECT",
    "ledger_transactions": "SELECT",
    "ledger_entries": "SELECT",
    "payment_methods": "SELECT, INSERT, UPDATE (removed_at)",
    "top_ups": "SELECT, INSERT, UPDATE (status, decline_reason, transaction_id, answered_at)",
}


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column(
            "currency",
            sa.Text(),
            server_default="EUR",
            nullable=False,
            comment="The master account's holds for its whole tree, and is never changed.",
        ),
    )
    op.add_column(
        "accounts",
        sa.Column(
            "credit_mode",
            sa.Text(),
            server_default="SHARED_POOL",
            nullable=False,
            comment="Of a subaccount; a master account always has a balance of its own.",
        ),
    )
    op.create_check_constraint(
        op.f("ck_accounts_currency"),
        "accounts",
        "currency IN ('EUR', 'USD', 'GBP', 'CHF', 'SEK', 'NOK', 'DKK', 'PLN', 'CAD', 'AUD')",
    )
    op.create_check_constraint(
        op.f("ck_accounts_credit_mode"), "accounts", "credit_mode IN ('SHARED_POOL', 'OWN_BALANCE')"
    )
    op.create_table(
        "ledger_transactions",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_user_id", sa.Uuid()),
        sa.Column("actor_api_key_id", sa.Uuid()),
        sa.Column("memo", sa.Text(), comment="For people, on both sides."),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('TRANSFER', 'TOP_UP', 'SETTLEMENT')", name=op.f("ck_ledger_transactions_kind")
        ),
        sa.CheckConstraint(
            "char_length(memo) BETWEEN 1 AND 200", name=op.f("ck_ledger_transactions_memo_length")
        ),
        sa.ForeignKeyConstraint(
            ["actor_user_id"], ["users.id"], name=op.f("fk_ledger_transactions_actor_user_id")
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_ledger_transactions")),
    )
    op.create_index("ix_ledger_transactions_id", "ledger_transactions", ["id"])
    op.create_table(
        "ledgers",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False, comment="The tree's."),
        sa.Column("entry_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "head",
            sa.LargeBinary(),
            server_default=sa.text("'\\x0000000000000000000000000000000000000000000000000000000000000000'"),
            nullable=False,
            comment="The hash of the last entry.",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_ledgers_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_ledgers")),
        comment="An account's books. Whoever posts locks this row: it is the only lock that the ledger needs.",
    )
    op.create_table(
        "payment_methods",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "reference", sa.Text(), nullable=False, comment="The provider's name for it, never a card number."
        ),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(
            "char_length(label) BETWEEN 1 AND 200", name=op.f("ck_payment_methods_label_length")
        ),
        sa.CheckConstraint(
            "char_length(reference) BETWEEN 1 AND 200", name=op.f("ck_payment_methods_reference_length")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_payment_methods_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_payment_methods")),
        sa.UniqueConstraint(
            "master_id", "account_id", "id", name=op.f("uq_payment_methods_master_id_account_id_id")
        ),
    )
    op.create_index("ix_payment_methods_account_id_id", "payment_methods", ["account_id", "id"])
    op.create_index("ix_payment_methods_id", "payment_methods", ["id"])
    op.create_table(
        "ledger_balances",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "amount", sa.BigInteger(), nullable=False, comment="In micro-units; the sum of its entries."
        ),
        sa.CheckConstraint("amount >= 0 OR kind = 'OUTSIDE'", name=op.f("ck_ledger_balances_floor")),
        sa.CheckConstraint("kind IN ('CREDIT', 'RESERVED', 'OUTSIDE')", name=op.f("ck_ledger_balances_kind")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["ledgers.master_id", "ledgers.account_id"],
            name=op.f("fk_ledger_balances_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "kind", name=op.f("pk_ledger_balances")),
    )
    op.create_table(
        "top_ups",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False, comment="Also the key under which the provider is asked."),
        sa.Column("payment_method_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="In micro-units."),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("decline_reason", sa.Text(), comment="The provider's words."),
        sa.Column("transaction_id", sa.Uuid()),
        sa.Column("actor_user_id", sa.Uuid()),
        sa.Column("actor_api_key_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(status = 'PENDING') = (answered_at IS NULL)", name=op.f("ck_top_ups_answered")),
        sa.CheckConstraint(
            "(status = 'SETTLED') = (transaction_id IS NOT NULL)", name=op.f("ck_top_ups_settled")
        ),
        sa.CheckConstraint("status IN ('PENDING', 'SETTLED', 'DECLINED')", name=op.f("ck_top_ups_status")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_top_ups_amount")),
        sa.ForeignKeyConstraint(["actor_user_id"], ["users.id"], name=op.f("fk_top_ups_actor_user_id")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id", "payment_method_id"],
            ["payment_methods.master_id", "payment_methods.account_id", "payment_methods.id"],
            name=op.f("fk_top_ups_master_id_account_id_payment_method_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_top_ups_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "transaction_id"],
            ["ledger_transactions.master_id", "ledger_transactions.id"],
            name=op.f("fk_top_ups_master_id_transaction_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_top_ups")),
    )
    op.create_index("ix_top_ups_account_id_id", "top_ups", ["account_id", "id"])
    op.create_index("ix_top_ups_id", "top_ups", ["id"])
    op.create_table(
        "ledger_entries",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "sequence", sa.BigInteger(), nullable=False, comment="From 1, without gaps, for each account."
        ),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("balance", sa.Text(), nullable=False, comment="The kind of the balance that it changes."),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256, see models.ledger_chain."),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entries_amount")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id", "balance"],
            ["ledger_balances.master_id", "ledger_balances.account_id", "ledger_balances.kind"],
            name=op.f("fk_ledger_entries_master_id_account_id_balance"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "transaction_id"],
            ["ledger_transactions.master_id", "ledger_transactions.id"],
            name=op.f("fk_ledger_entries_master_id_transaction_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "sequence", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        "ix_ledger_entries_created_at", "ledger_entries", ["account_id", "balance", "created_at", "sequence"]
    )
    op.create_index("ix_ledger_entries_transaction_id", "ledger_entries", ["transaction_id"])
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
