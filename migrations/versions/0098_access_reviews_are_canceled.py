"""access reviews are canceled from where they were started"""

import sqlalchemy as sa
from alembic import op

revision = "0098"
down_revision = "0095"

ROLE = "mandant_application"


def upgrade() -> None:
    op.add_column(
        "access_reviews",
        sa.Column("top_account_id", sa.Uuid(), comment="Where it was started, with those below."),
    )
    # Nobody noted where the earlier ones were started: each is taken for one of its own account.
    op.execute("UPDATE access_reviews SET top_account_id = account_id")
    op.alter_column("access_reviews", "top_account_id", nullable=False)
    op.create_foreign_key(
        op.f("fk_access_reviews_master_id_accounts_1"),
        "access_reviews",
        "accounts",
        ["master_id", "top_account_id"],
        ["master_id", "id"],
    )
    op.add_column("access_reviews", sa.Column("canceled_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_access_reviews_canceled"),
        "access_reviews",
        "canceled_at IS NULL OR work_due_at IS NULL",
    )
    op.execute(f"GRANT UPDATE (canceled_at) ON access_reviews TO {ROLE}")


def downgrade() -> None:
    op.drop_column("access_reviews", "canceled_at")
    op.drop_column("access_reviews", "top_account_id")
