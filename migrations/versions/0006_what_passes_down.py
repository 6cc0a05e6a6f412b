"""what passes down a link of the tree: modes, requests to change them, break-glass; reasons in the log"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ROLE = "mandant_application"
GRANTS = {
    "accounts": "UPDATE (parent_access)",
    "account_closure": "UPDATE (passed_mask)",
    "parent_access_requests": (
        "SELECT, INSERT, DELETE, UPDATE (parent_access, reason, from_above, asker_user_id, asker_api_key_id, "
        "requested_at, expires_at)"
    ),
    "break_glass_openings": "SELECT, INSERT, UPDATE (ended_at)",
}

MODES = "('FULL', 'READ_ONLY', 'BREAK_GLASS', 'NONE')"
EVERYTHING_PASSES = sa.text("9223372036854775807")


def upgrade() -> None:
    _add_links()
    op.add_column("events", sa.Column("reason", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_events_reason_length"), "events", "char_length(reason) BETWEEN 1 AND 200"
    )
    _create_requests()
    _create_openings()
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")


def _add_links() -> None:
    mode = sa.Column(
        "parent_access",
        sa.Text(),
        server_default="FULL",
        nullable=False,
        comment="What of the rights held above passes this account's link (N3).",
    )
    op.add_column("accounts", mode)
    op.create_check_constraint(op.f("ck_accounts_parent_access"), "accounts", f"parent_access IN {MODES}")
    op.create_check_constraint(
        op.f("ck_accounts_parent_access_of_master"),
        "accounts",
        "parent_id IS NOT NULL OR parent_access = 'FULL'",
    )
    passed = sa.Column(
        "passed_mask",
        sa.BigInteger(),
        server_default=EVERYTHING_PASSES,
        nullable=False,
        comment="What passes all links from the ancestor down to the descendant.",
    )
    op.add_column("account_closure", passed)
    op.drop_index("ix_account_closure_descendant_id", "account_closure")
    op.create_index(
        "ix_account_closure_descendant_id",
        "account_closure",
        ["descendant_id", "ancestor_id"],
        postgresql_include=["depth", "master_id", "passed_mask"],
    )


def _create_requests() -> None:
    op.create_table(
        "parent_access_requests",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("parent_access", sa.Text(), nullable=False, comment="What is asked for."),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "from_above", sa.Boolean(), nullable=False, comment="Asked by the parent; else by the account."
        ),
        sa.Column("asker_user_id", sa.Uuid()),
        sa.Column("asker_api_key_id", sa.Uuid()),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"parent_access IN {MODES}", name=op.f("ck_parent_access_requests_parent_access")),
        sa.CheckConstraint(
            "(asker_user_id IS NULL) <> (asker_api_key_id IS NULL)",
            name=op.f("ck_parent_access_requests_asker"),
        ),
        sa.CheckConstraint(
            "char_length(reason) BETWEEN 1 AND 200", name=op.f("ck_parent_access_requests_reason_length")
        ),
        sa.ForeignKeyConstraint(
            ["asker_user_id"], ["users.id"], name=op.f("fk_parent_access_requests_asker_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_parent_access_requests_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_parent_access_requests")),
    )


def _create_openings() -> None:
    op.create_table(
        "break_glass_openings",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "char_length(reason) BETWEEN 1 AND 200", name=op.f("ck_break_glass_openings_reason_length")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_break_glass_openings_user_id")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_break_glass_openings_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_break_glass_openings")),
    )
    op.create_index("ix_break_glass_openings_id", "break_glass_openings", ["id"])
    op.create_index("ix_break_glass_openings_user_id", "break_glass_openings", ["user_id"])
    op.create_index("ix_break_glass_openings_account_id_id", "break_glass_openings", ["account_id", "id"])
