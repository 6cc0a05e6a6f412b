"""statistic deltas"""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"

ROLE = "mandant_data"


def upgrade() -> None:
    op.create_table(
        "statistic_deltas",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), comment="The key that sent. None: campaigns and people."),
        sa.Column("campaign_id", sa.Uuid()),
        sa.Column("label", sa.Text(), comment="In the form that is compared."),
        sa.Column("domain", sa.Text(), comment="Of the recipients, in ASCII. Of an e-mail."),
        sa.Column("country", sa.Text(), comment="Of the recipients, in two letters. Of an SMS."),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="In micro-units of the currency."),
        sa.Column(
            "is_first", sa.Boolean(), nullable=False, comment="The first of this kind for its message."
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('SENT', 'FAILED', 'DELIVERED', 'HARD_BOUNCE', 'SOFT_BOUNCE', 'COMPLAINT', 'OPEN', 'CLICK', "
            "'UNSUBSCRIBE', 'REVENUE')",
            name=op.f("ck_statistic_deltas_kind"),
        ),
        sa.CheckConstraint("channel IN ('EMAIL', 'SMS')", name=op.f("ck_statistic_deltas_channel")),
        sa.CheckConstraint(
            "stream IN ('MARKETING', 'TRANSACTIONAL')", name=op.f("ck_statistic_deltas_stream")
        ),
        sa.CheckConstraint("number >= 0", name=op.f("ck_statistic_deltas_number")),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_statistic_deltas")),
        comment="What was counted and not added up yet.",
    )
    op.create_index("ix_statistic_deltas_created_at", "statistic_deltas", ["master_id", "created_at"])
    # The rights to change rows let a job lock them before it deletes them.
    op.execute(f"GRANT SELECT, INSERT, DELETE, UPDATE (created_at) ON statistic_deltas TO {ROLE}")
    op.execute(
        "CREATE STATISTICS st_statistic_deltas_account (dependencies) ON master_id, account_id "
        "FROM statistic_deltas"
    )
