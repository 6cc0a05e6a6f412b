"""when accounts were suspended, resumed and closed: a cycle without any use costs no plan"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

ROLE = "mandant_application"

_FROM_THE_LOG = """
INSERT INTO account_status_changes (master_id, account_id, id, status, holds_from)
SELECT master_id, account_id, id,
  CASE kind WHEN 'account.suspended' THEN 'SUSPENDED' WHEN 'account.resumed' THEN 'ACTIVE' ELSE 'CLOSED' END,
  created_at
FROM events WHERE kind IN ('account.suspended', 'account.resumed', 'account.closed')"""


def upgrade() -> None:
    op.create_table(
        "account_status_changes",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("holds_from", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('ACTIVE', 'SUSPENDED', 'CLOSED')", name=op.f("ck_account_status_changes_status")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_account_status_changes_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_account_status_changes")),
        comment="Without one an account is active.",
    )
    op.create_index(
        "ix_account_status_changes_account_id",
        "account_status_changes",
        ["account_id", "holds_from", "id"],
        unique=False,
    )
    op.execute(f"GRANT SELECT, INSERT ON account_status_changes TO {ROLE}")
    op.execute(_FROM_THE_LOG)
