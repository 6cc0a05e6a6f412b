"""events are sealed, say whether break-glass gave the right, and who gained and lost which permissions"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0084"
down_revision = "0083"

ROLE = "mandant_application"


def upgrade() -> None:
    op.add_column(
        "events",
        sa.Column(
            "by_break_glass",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Whether break-glass alone gave the actor the right.",
        ),
    )
    op.add_column(
        "events",
        sa.Column(
            "access",
            postgresql.JSONB(),
            comment="Who gained and lost which permissions by it.",
        ),
    )
    op.create_index("ix_events_transaction_id", "events", ["transaction_id", "id"])
    op.create_table(
        "log_sealing",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="There is one log."),
        sa.Column("transaction_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "event_id",
            sa.Uuid(),
            server_default=sa.text("'00000000-0000-0000-0000-000000000000'"),
            nullable=False,
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_sealing_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_sealing")),
        comment="The place of the last event that is sealed. Who seals locks this row.",
    )
    op.create_table(
        "event_chains",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False, comment="The hash of the last seal."),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_event_chains_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_event_chains")),
    )
    op.create_table(
        "event_seals",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="From 1 without gaps."),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "salt",
            sa.LargeBinary(),
            nullable=False,
            comment="32 random bytes, of which each digest has its own.",
        ),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["event_chains.master_id", "event_chains.account_id"],
            name=op.f("fk_event_seals_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "number", name=op.f("pk_event_seals")),
        sa.UniqueConstraint("master_id", "event_id", name=op.f("uq_event_seals_master_id_event_id")),
        comment="A seal outlives its event: so a missing event is found.",
    )
    # A stored function seals, with its owner's rights.
    for table in ("log_sealing", "event_chains", "event_seals"):
        op.execute(f"GRANT SELECT ON {table} TO {ROLE}")
