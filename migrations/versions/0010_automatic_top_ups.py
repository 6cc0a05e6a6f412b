"""automatic top-ups: rules of accounts, and what a worker asks the payment provider for"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ROLE = "mandant_application"


def upgrade() -> None:
    op.create_table(
        "top_up_rules",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "threshold",
            sa.BigInteger(),
            nullable=False,
            comment="In micro-units: below it a top-up begins.",
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="In micro-units, of each top-up."),
        sa.Column(
            "daily_maximum", sa.BigInteger(), nullable=False, comment="In micro-units, for a day in UTC."
        ),
        sa.Column("payment_method_id", sa.Uuid(), nullable=False),
        sa.Column("refusals", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="In a row."),
        sa.Column("paused_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True), comment="When a worker begins the next one."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("threshold > 0", name=op.f("ck_top_up_rules_threshold")),
        sa.CheckConstraint("amount > threshold", name=op.f("ck_top_up_rules_amount")),
        sa.CheckConstraint("daily_maximum >= amount", name=op.f("ck_top_up_rules_daily_maximum")),
        sa.CheckConstraint("paused_at IS NULL OR due_at IS NULL", name=op.f("ck_top_up_rules_paused")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id", "payment_method_id"],
            ["payment_methods.master_id", "payment_methods.account_id", "payment_methods.id"],
            name=op.f("fk_top_up_rules_master_id_account_id_payment_method_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_top_up_rules_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_top_up_rules")),
    )
    op.create_index(
        "ix_top_up_rules_due_at", "top_up_rules", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.add_column(
        "top_ups",
        sa.Column(
            "automatic",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Begun by the account's rule.",
        ),
    )
    op.add_column(
        "top_ups",
        sa.Column("actor_account_id", sa.Uuid(), comment="The account that gave the actor the right (R54)."),
    )
    op.create_index("ix_top_ups_pending", "top_ups", ["id"], postgresql_where=sa.text("status = 'PENDING'"))
    op.create_index(
        "ix_top_ups_automatic",
        "top_ups",
        ["master_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("automatic AND status = 'PENDING'"),
    )
    # A rule ends with its payment method, or when the account has no balance of its own any more.
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON top_up_rules TO {ROLE}")
