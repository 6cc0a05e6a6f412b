"""whom SMS of an account came from"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    op.create_table(
        "sms_senders",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "sender",
            sa.Text(collation="C"),
            nullable=False,
            comment="A name or a number, as messages have it.",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_sms_senders_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "sender", name=op.f("pk_sms_senders")),
        comment="Whom SMS of an account came from, so that answers to them find the account.",
    )
    op.create_index("ix_sms_senders_sender", "sms_senders", ["sender"])
    op.execute("GRANT SELECT, INSERT ON sms_senders TO mandant_application")
