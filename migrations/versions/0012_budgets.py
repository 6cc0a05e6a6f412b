"""budgets of sends and of credit, plans that are on offer, cycles that know their end"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ROLE = "mandant_application"

GRANTS = {
    "budgets": "SELECT, INSERT, UPDATE (cap, guarantee), DELETE",
    "credit_counts": "SELECT, INSERT, UPDATE (amount)",
    "subscriptions": "UPDATE (time_zone, anchored_at)",
    "send_cycles": "UPDATE (starts_at, ends_at)",
}


def upgrade() -> None:
    op.add_column(
        "plans",
        sa.Column(
            "on_offer",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="Whether it can be chosen; who has it keeps it.",
        ),
    )
    op.create_table_comment(
        "subscriptions", "A first plan that waits is anchored at the moment from which it holds."
    )
    _add_ends_of_cycles()
    _add_budgets()
    # It takes one more argument from now on.
    op.execute(
        "DROP FUNCTION IF EXISTS ledger_post(uuid, uuid, text, uuid, uuid, text, uuid[], text[], bigint[])"
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")


def _add_ends_of_cycles() -> None:
    op.add_column("send_cycles", sa.Column("ends_at", sa.DateTime(timezone=True), comment="Not in it."))
    # The next start from the anchor, as models.cycles counts; its functions may not be there yet.
    op.execute("""
        UPDATE send_cycles AS cycle SET ends_at = (
          date_trunc('day', anchor.moment AT TIME ZONE anchor.zone) + make_interval(months => 1 + (
            12 * (extract(year FROM cycle.starts_at AT TIME ZONE anchor.zone)
              - extract(year FROM anchor.moment AT TIME ZONE anchor.zone))
            + extract(month FROM cycle.starts_at AT TIME ZONE anchor.zone)
            - extract(month FROM anchor.moment AT TIME ZONE anchor.zone))::integer)
        ) AT TIME ZONE anchor.zone
        FROM (
          SELECT account.master_id, account.id, coalesce(own.anchored_at, account.created_at) AS moment,
            coalesce(own.time_zone, 'UTC') AS zone
          FROM accounts AS account LEFT JOIN subscriptions AS own
            ON own.master_id = account.master_id AND own.account_id = account.id
        ) AS anchor
        WHERE anchor.master_id = cycle.master_id AND anchor.id = cycle.account_id
    """)
    op.alter_column("send_cycles", "ends_at", nullable=False)


def _add_budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "cap",
            sa.BigInteger(),
            comment="In a cycle, by the account and all below it; null: there is none.",
        ),
        sa.Column(
            "guarantee",
            sa.BigInteger(),
            nullable=False,
            comment="In a cycle, of the same; zero: there is none.",
        ),
        sa.CheckConstraint("currency IN ('SENDS', 'CREDIT')", name=op.f("ck_budgets_currency")),
        sa.CheckConstraint(
            "cap >= 0 AND guarantee >= 0 AND guarantee <= cap", name=op.f("ck_budgets_amounts")
        ),
        sa.CheckConstraint("cap IS NOT NULL OR guarantee > 0", name=op.f("ck_budgets_content")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_budgets_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "currency", name=op.f("pk_budgets")),
        comment="In sends, or in micro-units of credit. Whoever counts against a cap locks its row.",
    )
    op.execute(
        "INSERT INTO budgets (master_id, account_id, currency, cap, guarantee) "
        "SELECT master_id, account_id, 'SENDS', sends, 0 FROM send_caps"
    )
    op.drop_table("send_caps")
    op.create_table(
        "credit_counts",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False, comment="Whose credit it was."),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="In micro-units, reserved or spent."),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_credit_counts_amount")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_credit_counts_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "cycle_id"],
            ["send_cycles.master_id", "send_cycles.id"],
            name=op.f("fk_credit_counts_master_id_cycle_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "payer_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_credit_counts_master_id_payer_id"),
        ),
        sa.PrimaryKeyConstraint(
            "master_id", "cycle_id", "account_id", "payer_id", name=op.f("pk_credit_counts")
        ),
        comment="What each account has used in a cycle of each pool.",
    )
    op.create_index("ix_credit_counts_payer_id", "credit_counts", ["payer_id"])
    op.execute("""
        INSERT INTO credit_counts (master_id, account_id, cycle_id, payer_id, amount)
        SELECT master_id, account_id, cycle_id, payer_id, sum(price) FROM send_reservations
        WHERE price > 0 AND status IN ('RESERVED', 'COMMITTED')
        GROUP BY master_id, account_id, cycle_id, payer_id
    """)
