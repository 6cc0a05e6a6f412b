"""shares: some accounts of a tree, opened to a person by one grant"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

ROLE = "mandant_application"
GRANTS = {
    "shares": (
        "SELECT, INSERT, UPDATE (user_id, role_id, areas, areas_mask, hidden_areas, hidden_mask, "
        "giver_user_id, giver_api_key_id, version, expires_at, accepted_at, revoked_at)"
    ),
    "share_accounts": "SELECT, INSERT, DELETE",
}


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_canonical", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), comment="Null until it is accepted."),
        sa.Column("role_id", sa.Uuid(), comment="Null: `areas` instead."),
        sa.Column("areas", postgresql.ARRAY(sa.Text()), comment="Opened without a role (R38)."),
        sa.Column("areas_mask", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column(
            "hidden_areas", postgresql.ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")
        ),
        sa.Column(
            "hidden_mask",
            sa.BigInteger(),
            nullable=False,
            server_default=sa.text("0"),
            comment="Wins (R24).",
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token in the link"),
        sa.Column("giver_user_id", sa.Uuid()),
        sa.Column("giver_api_key_id", sa.Uuid()),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default=sa.text("1")),
        sa.Column("link_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("(role_id IS NULL) = (areas IS NOT NULL)", name=op.f("ck_shares_role_or_areas")),
        sa.CheckConstraint("(user_id IS NULL) = (accepted_at IS NULL)", name=op.f("ck_shares_accepted")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shares_user_id")),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_shares_role_id")),
        sa.ForeignKeyConstraint(["giver_user_id"], ["users.id"], name=op.f("fk_shares_giver_user_id")),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_shares")),
    )
    op.create_index("ix_shares_id", "shares", ["id"])
    op.create_index("ix_shares_digest", "shares", ["digest"])
    op.create_index("ix_shares_user_id", "shares", ["user_id"])
    op.create_table(
        "share_accounts",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "share_id"],
            ["shares.master_id", "shares.id"],
            name=op.f("fk_share_accounts_master_id_share_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_share_accounts_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "share_id", "account_id", name=op.f("pk_share_accounts")),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "share_id",
            name=op.f("uq_share_accounts_master_id_account_id_share_id"),
        ),
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
