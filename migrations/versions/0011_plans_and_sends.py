"""plans, subscriptions, their cycles and the clock that they go by; contacts and sends"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ROLE = "mandant_application"

# The catalogue and the clock are written by the database's owner alone.
GRANTS = {
    "clock": "SELECT",
    "plans": "SELECT",
    "subscriptions": "SELECT, INSERT",
    "plan_choices": "SELECT, INSERT, UPDATE (withdrawn_at)",
    "limit_increases": "SELECT, INSERT",
    "send_cycles": "SELECT, INSERT, UPDATE (contacts, sends)",
    "active_contacts": "SELECT, INSERT, UPDATE (reservation_id), DELETE",
    "contact_claims": "SELECT, INSERT, DELETE",
    "send_counts": "SELECT, INSERT, UPDATE (sends)",
    "send_caps": "SELECT, INSERT, UPDATE (sends), DELETE",
    "send_reservations": "SELECT, INSERT, UPDATE (status, settled_at)",
}


def upgrade() -> None:
    op.create_table(
        "active_contacts",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="Of the address, keyed (see resolvers.contacts).",
        ),
        sa.Column("reservation_id", sa.Uuid(), nullable=False, comment="By which it became active."),
        sa.PrimaryKeyConstraint("master_id", "cycle_id", "digest", name=op.f("pk_active_contacts")),
    )
    op.create_index("ix_active_contacts_reservation_id", "active_contacts", ["reservation_id"])
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="There is one clock."),
        sa.Column(
            "ahead", sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment="In seconds."
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_clock_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_table(
        "contact_claims",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("master_id", "reservation_id", "digest", name=op.f("pk_contact_claims")),
        comment="Contacts that an open reservation sends to and another open one holds.",
    )
    op.create_index("ix_contact_claims_cycle_id", "contact_claims", ["cycle_id", "digest"])
    op.create_table(
        "plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False, comment="Of trees that may choose it."),
        sa.Column("price", sa.BigInteger(), nullable=False, comment="Of a cycle, in micro-units."),
        sa.Column("active_contacts", sa.BigInteger(), nullable=False, comment="In a cycle (R91)."),
        sa.Column("sends", sa.BigInteger(), nullable=False, comment="In a cycle (R93)."),
        sa.Column(
            "send_price", sa.BigInteger(), comment="Of a send beyond, in micro-units; null: there is none."
        ),
        sa.Column(
            "subaccounts_allowed", sa.Boolean(), nullable=False, comment="Whether new ones may be made (R10)."
        ),
        sa.Column(
            "block_contacts", sa.BigInteger(), nullable=False, comment="In one more block of contacts (R94)."
        ),
        sa.Column("block_sends", sa.BigInteger(), nullable=False, comment="Sends that come with it."),
        sa.Column(
            "block_price", sa.BigInteger(), comment="In micro-units, for the cycle; null: none are sold."
        ),
        sa.CheckConstraint(
            "currency IN ('EUR', 'USD', 'GBP', 'CHF', 'SEK', 'NOK', 'DKK', 'PLN', 'CAD', 'AUD')",
            name=op.f("ck_plans_currency"),
        ),
        sa.CheckConstraint(
            "active_contacts BETWEEN 1 AND 2147483647 AND sends BETWEEN 1 AND 2147483647 AND block_contacts BETWEEN 1 AND 2147483647 AND block_sends BETWEEN 1 AND 2147483647",
            name=op.f("ck_plans_counts"),
        ),
        sa.CheckConstraint("price >= 0 AND send_price > 0 AND block_price > 0", name=op.f("ck_plans_prices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("currency", "code", name=op.f("uq_plans_currency_code")),
    )
    op.create_table(
        "send_caps",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "sends", sa.BigInteger(), nullable=False, comment="In a cycle, by the account and all below it."
        ),
        sa.CheckConstraint("sends BETWEEN 0 AND 2147483647", name=op.f("ck_send_caps_sends")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_send_caps_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_send_caps")),
    )
    op.create_table(
        "send_cycles",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "contacts", sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment="Rows below."
        ),
        sa.Column("sends", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "contacts >= 0 AND sends BETWEEN 0 AND 2147483647", name=op.f("ck_send_cycles_counts")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_send_cycles_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_send_cycles")),
        sa.UniqueConstraint(
            "master_id", "account_id", "starts_at", name=op.f("uq_send_cycles_master_id_account_id_starts_at")
        ),
        comment="Of a subscription: what was used in it. Whoever counts locks the row.",
    )
    op.create_table(
        "subscriptions",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False, comment="An IANA zone: in which its days begin."),
        sa.Column("anchored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_subscriptions_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_subscriptions")),
    )
    op.create_table(
        "limit_increases",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cycle_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contacts", sa.BigInteger(), nullable=False),
        sa.Column("sends", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False, comment="In micro-units."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "contacts > 0 AND sends > 0 AND price > 0", name=op.f("ck_limit_increases_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["subscriptions.master_id", "subscriptions.account_id"],
            name=op.f("fk_limit_increases_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_limit_increases")),
    )
    op.create_index("ix_limit_increases_account_id", "limit_increases", ["account_id", "cycle_starts_at"])
    op.create_table(
        "plan_choices",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("holds_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["subscriptions.master_id", "subscriptions.account_id"],
            name=op.f("fk_plan_choices_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_choices_plan_id")),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_plan_choices")),
    )
    op.create_index("ix_plan_choices_account_id", "plan_choices", ["account_id", "holds_from", "id"])
    op.create_table(
        "send_counts",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("sends", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("sends >= 0", name=op.f("ck_send_counts_sends")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_send_counts_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "cycle_id"],
            ["send_cycles.master_id", "send_cycles.id"],
            name=op.f("fk_send_counts_master_id_cycle_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "cycle_id", "account_id", name=op.f("pk_send_counts")),
        comment="What each account has used of a cycle.",
    )
    op.create_table(
        "send_reservations",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False, comment="Of the moment when it was made."),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="RESERVED", nullable=False),
        sa.Column("recipients", sa.BigInteger(), nullable=False),
        sa.Column("new_contacts", sa.BigInteger(), nullable=False, comment="That became active by it."),
        sa.Column(
            "price", sa.BigInteger(), nullable=False, comment="Of sends beyond the plan's, in micro-units."
        ),
        sa.Column("payer_id", sa.Uuid(), nullable=False, comment="Whose credit is reserved."),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'RESERVED') = (settled_at IS NULL)", name=op.f("ck_send_reservations_settled")
        ),
        sa.CheckConstraint(
            "status IN ('RESERVED', 'COMMITTED', 'VOIDED', 'EXPIRED')",
            name=op.f("ck_send_reservations_status"),
        ),
        sa.CheckConstraint(
            "stream IN ('MARKETING', 'TRANSACTIONAL')", name=op.f("ck_send_reservations_stream")
        ),
        sa.CheckConstraint(
            "recipients > 0 AND new_contacts >= 0 AND price >= 0", name=op.f("ck_send_reservations_counts")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_send_reservations_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "cycle_id"],
            ["send_cycles.master_id", "send_cycles.id"],
            name=op.f("fk_send_reservations_master_id_cycle_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "payer_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_send_reservations_master_id_payer_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_send_reservations")),
    )
    op.create_index("ix_send_reservations_account_id_id", "send_reservations", ["account_id", "id"])
    op.create_index("ix_send_reservations_id", "send_reservations", ["id"])
    op.create_index(
        "ix_send_reservations_open",
        "send_reservations",
        ["master_id", "cycle_id", "expires_at"],
        postgresql_where=sa.text("status = 'RESERVED'"),
    )
    op.drop_constraint(op.f("ck_ledger_transactions_kind"), "ledger_transactions")
    op.create_check_constraint(
        op.f("ck_ledger_transactions_kind"),
        "ledger_transactions",
        "kind IN ('TRANSFER', 'TOP_UP', 'SETTLEMENT', 'SEND')",
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
