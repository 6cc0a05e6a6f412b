"""lists of recipients that were uploaded"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ROLE = "mandant_application"

# A function of the database's deletes them, once they have ended.
GRANTS = {"recipient_lists": "SELECT, INSERT", "recipient_list_parts": "SELECT, INSERT"}


def upgrade() -> None:
    op.create_table(
        "recipient_lists",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipients", sa.BigInteger(), nullable=False, comment="How many, each once."),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("recipients > 0", name=op.f("ck_recipient_lists_recipients")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_recipient_lists_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_recipient_lists")),
    )
    op.create_index("ix_recipient_lists_expires_at", "recipient_lists", ["expires_at"])
    op.create_index("ix_recipient_lists_id", "recipient_lists", ["id"])
    op.create_table(
        "recipient_list_parts",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False, comment="From 0, in the order of the digests."),
        sa.Column(
            "digests",
            sa.ARRAY(sa.LargeBinary()),
            nullable=False,
            comment="In their order (see resolvers.contacts).",
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "list_id"],
            ["recipient_lists.master_id", "recipient_lists.id"],
            name=op.f("fk_recipient_list_parts_master_id_list_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "list_id", "part", name=op.f("pk_recipient_list_parts")),
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
