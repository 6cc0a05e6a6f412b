"""what has been told of the ends of grants, and indexes to find those that are near"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ROLE = "mandant_application"


def upgrade() -> None:
    op.create_table(
        "expiry_notices",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "grant_id", sa.Uuid(), nullable=False, comment="Of the membership, share, key or invitation."
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("stage IN ('WEEK', 'DAY', 'ENDED')", name=op.f("ck_expiry_notices_stage")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_expiry_notices_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint(
            "master_id", "account_id", "grant_id", "expires_at", "stage", name=op.f("pk_expiry_notices")
        ),
    )
    # Written by a function that runs as its owner.
    op.execute(f"GRANT SELECT ON expiry_notices TO {ROLE}")
    ends = sa.text("expires_at IS NOT NULL")
    for table in ("memberships", "api_keys", "shares"):
        op.create_index(f"ix_{table}_expires_at", table, ["expires_at"], postgresql_where=ends)
    open_offers = sa.text("accepted_at IS NULL AND revoked_at IS NULL")
    op.create_index("ix_invitations_expires_at", "invitations", ["expires_at"], postgresql_where=open_offers)
    not_ended = sa.text("ended_at IS NULL")
    for table in ("break_glass_openings", "overrides"):
        op.create_index(f"ix_{table}_expires_at", table, ["expires_at"], postgresql_where=not_ended)
    op.create_index("ix_shares_link_expires_at", "shares", ["link_expires_at"], postgresql_where=open_offers)
