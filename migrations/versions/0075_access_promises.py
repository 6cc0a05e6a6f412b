"""promises of accounts about who has a permission"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0075"
down_revision = "0074"

ROLE = "mandant_application"


def upgrade() -> None:
    op.create_table(
        "access_promises",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.BigInteger(), nullable=False, comment="A mask of one permission."),
        sa.Column(
            "role_ids", postgresql.ARRAY(sa.Uuid()), nullable=False, comment="Whose holders may have it."
        ),
        sa.Column("maker_user_id", sa.Uuid()),
        sa.Column("maker_api_key_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("cardinality(role_ids) <= 20", name=op.f("ck_access_promises_roles")),
        sa.ForeignKeyConstraint(
            ["maker_user_id"], ["users.id"], name=op.f("fk_access_promises_maker_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_access_promises_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_access_promises")),
    )
    op.create_index("ix_access_promises_id", "access_promises", ["id"])
    op.create_index("ix_access_promises_account_id_id", "access_promises", ["account_id", "id"])
    op.create_table(
        "access_promise_exceptions",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("promise_id", sa.Uuid(), nullable=False),
        sa.Column(
            "holder_id",
            sa.Uuid(),
            nullable=False,
            comment="The person or API key that may have it all the same.",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(
            "char_length(reason) BETWEEN 1 AND 200", name=op.f("ck_access_promise_exceptions_reason_length")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "promise_id"],
            ["access_promises.master_id", "access_promises.id"],
            name=op.f("fk_access_promise_exceptions_master_id_promise_id"),
        ),
        sa.PrimaryKeyConstraint(
            "master_id", "promise_id", "holder_id", name=op.f("pk_access_promise_exceptions")
        ),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE (ended_at) ON access_promises TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT ON access_promise_exceptions TO {ROLE}")
