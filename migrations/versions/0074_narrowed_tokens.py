"""narrowed tokens, and which of them made a change"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0074"
down_revision = "0072"

ROLE = "mandant_application"


def upgrade() -> None:
    op.create_table(
        "narrowed_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("user_id", sa.Uuid(), comment="Whose session it was narrowed from,"),
        sa.Column("api_key_master_id", sa.Uuid(), comment="or the tree"),
        sa.Column("api_key_id", sa.Uuid(), comment="and the id of the API key."),
        sa.Column(
            "root_digest",
            sa.LargeBinary(),
            nullable=False,
            comment="Of the session's token, or of the key's secret: the token ends with it.",
        ),
        sa.Column(
            "ancestor_ids",
            postgresql.ARRAY(sa.Uuid()),
            nullable=False,
            comment="The narrowed tokens between it and the session or key, the outermost first.",
        ),
        sa.Column(
            "account_ids",
            postgresql.ARRAY(sa.Uuid()),
            nullable=False,
            comment="Where it works, and nowhere else.",
        ),
        sa.Column(
            "scopes",
            sa.BigInteger(),
            nullable=False,
            comment="A mask: what it leaves of its parent's rights.",
        ),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("num_nonnulls(user_id, api_key_id) = 1", name=op.f("ck_narrowed_tokens_parent")),
        sa.CheckConstraint(
            "(api_key_id IS NULL) = (api_key_master_id IS NULL)", name=op.f("ck_narrowed_tokens_api_key")
        ),
        sa.CheckConstraint("cardinality(ancestor_ids) <= 8", name=op.f("ck_narrowed_tokens_ancestors")),
        sa.CheckConstraint(
            "cardinality(account_ids) BETWEEN 1 AND 100", name=op.f("ck_narrowed_tokens_accounts")
        ),
        sa.CheckConstraint(
            "char_length(audience) BETWEEN 1 AND 200", name=op.f("ck_narrowed_tokens_audience_length")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_narrowed_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_narrowed_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_narrowed_tokens_digest")),
        comment="Its rights are its parent's at each moment, as far as its accounts and scopes leave them.",
    )
    op.create_index(op.f("ix_narrowed_tokens_user_id"), "narrowed_tokens", ["user_id"])
    op.create_index(
        op.f("ix_narrowed_tokens_api_key_master_id_api_key_id"),
        "narrowed_tokens",
        ["api_key_master_id", "api_key_id"],
    )
    op.create_index(op.f("ix_narrowed_tokens_expires_at"), "narrowed_tokens", ["expires_at"])
    # A token is never widened nor prolonged.
    op.execute(f"GRANT SELECT, INSERT, DELETE, UPDATE (revoked_at) ON narrowed_tokens TO {ROLE}")
    op.add_column(
        "events",
        sa.Column("actor_token_id", sa.Uuid(), comment="The narrowed token that acted in the actor's name."),
    )
