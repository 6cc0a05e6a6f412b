"""what API keys are bound to: a stream, addresses, a maker; two secrets while one is replaced"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

ROLE = "mandant_application"


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column(
            "api_key_creation",
            sa.Text(),
            server_default="ANYWHERE",
            nullable=False,
            comment="The master account's holds for its whole tree (R13).",
        ),
    )
    op.create_check_constraint(
        op.f("ck_accounts_api_key_creation"), "accounts", "api_key_creation IN ('ANYWHERE', 'MASTER_ONLY')"
    )
    op.create_check_constraint(
        op.f("ck_accounts_api_key_creation_of_master"),
        "accounts",
        "parent_id IS NULL OR api_key_creation = 'ANYWHERE'",
    )
    for column in (
        sa.Column("previous_digest", sa.LargeBinary(), comment="Of the secret before the last rotation."),
        sa.Column("previous_expires_at", sa.DateTime(timezone=True)),
        sa.Column("purpose", sa.Text(), comment="Its stream (R7); NULL: both."),
        sa.Column(
            "ip_ranges",
            postgresql.ARRAY(postgresql.CIDR()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="Where it works from; empty: from anywhere.",
        ),
        sa.Column("adopter_user_id", sa.Uuid(), comment="Who answers for it in its creator's place (T6)."),
        sa.Column(
            "when_maker_loses_access",
            sa.Text(),
            server_default="KEEP",
            nullable=False,
            comment="Its maker's choice (N19).",
        ),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    ):
        op.add_column("api_keys", column)
    op.create_foreign_key(
        op.f("fk_api_keys_adopter_user_id"), "api_keys", "users", ["adopter_user_id"], ["id"]
    )
    for name, condition in {
        "purpose": "purpose IN ('MARKETING', 'TRANSACTIONAL')",
        "when_maker_loses_access": "when_maker_loses_access IN ('KEEP', 'STOP')",
        "ip_ranges": "cardinality(ip_ranges) <= 50",
        "previous": "(previous_digest IS NULL) = (previous_expires_at IS NULL)",
    }.items():
        op.create_check_constraint(op.f(f"ck_api_keys_{name}"), "api_keys", condition)
    op.create_index(
        "ix_api_keys_previous_digest",
        "api_keys",
        ["previous_digest"],
        postgresql_where=sa.text("previous_digest IS NOT NULL"),
    )
    op.execute(f"GRANT UPDATE (api_key_creation) ON accounts TO {ROLE}")
    changed = (
        "name, scopes, ip_ranges, expires_at, previous_digest, previous_expires_at, adopter_user_id, version"
    )
    op.execute(f"GRANT UPDATE ({changed}) ON api_keys TO {ROLE}")
