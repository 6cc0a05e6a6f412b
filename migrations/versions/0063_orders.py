"""orders that clients report"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"

ROLE = "mandant_data"


def upgrade() -> None:
    op.create_table(
        "order_keys",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="Of all that the order was told to be."
        ),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(key) BETWEEN 1 AND 200", name=op.f("ck_order_keys_key_length")),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_order_keys")),
        sa.UniqueConstraint(
            "master_id", "account_id", "key", name=op.f("uq_order_keys_master_id_account_id_key")
        ),
        comment="A client's own ids of orders, until orders of their moment are too old to be reported.",
    )
    op.create_index("ix_order_keys_happened_at", "order_keys", ["happened_at"])
    op.execute(f"GRANT SELECT, INSERT, DELETE ON order_keys TO {ROLE}")
    op.execute(
        "CREATE STATISTICS st_order_keys_account (dependencies) ON master_id, account_id FROM order_keys"
    )
