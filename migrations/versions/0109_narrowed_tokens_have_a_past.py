"""the database keeps what narrowed tokens left, and when their sessions ended"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0109"
down_revision = "0108"

ROLE = "mandant_application"
HISTORY = "narrowed_tokens_history"


def upgrade() -> None:
    op.create_table(
        HISTORY,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("api_key_master_id", sa.Uuid()),
        sa.Column("api_key_id", sa.Uuid()),
        sa.Column("root_digest", sa.LargeBinary(), nullable=False),
        sa.Column("ancestor_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("account_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("scopes", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        *(
            _moment(name, nullable=name == "revoked_at")
            for name in ("expires_at", "revoked_at", "created_at")
        ),
        _moment("holds_from"),
        _moment("holds_until"),
        sa.CheckConstraint("holds_from < holds_until", name=op.f(f"ck_{HISTORY}_period")),
        sa.PrimaryKeyConstraint("id", "holds_from", name=op.f(f"pk_{HISTORY}")),
        postgresql.ExcludeConstraint(
            ("id", "="),
            (sa.text("tstzrange(holds_from, holds_until)"), "&&"),
            name=op.f(f"ex_{HISTORY}"),
            using="gist",
        ),
    )
    op.create_index(op.f(f"ix_{HISTORY}_root_digest"), HISTORY, ["root_digest"])
    # Whoever makes a token each minute has many, of which one holds at a moment.
    for name in ("user_id", "api_key_id"):
        columns = [name, "holds_from", "holds_until"]
        op.create_index(f"ix_{HISTORY}_{name}_period", HISTORY, columns, postgresql_using="gist")
    op.create_table(
        "session_ends",
        sa.Column("id", sa.Uuid(), nullable=False, comment="The session's."),
        sa.Column(
            "user_id", sa.Uuid(), nullable=False, comment="Whose it was; an id alone, as in the histories."
        ),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of its token: the tokens' root_digest",
        ),
        _moment("ended_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_ends")),
        comment="Of sessions that narrowed tokens were made of. A row is never changed.",
    )
    op.create_index(op.f("ix_session_ends_digest"), "session_ends", ["digest"])
    for table in (HISTORY, "session_ends"):
        op.execute(f"GRANT SELECT ON {table} TO {ROLE}")
    _keep_secrets()
    # It names the tokens from now on; `mandant migrate` writes it.
    op.execute("DROP FUNCTION IF EXISTS past.access_at(uuid, uuid, timestamptz)")


def _keep_secrets() -> None:
    """A token ends with the secret of its key. Before this migration no token is known, so the versions that
    there are may have the secrets of now."""
    op.add_column("api_keys_history", sa.Column("digest", sa.LargeBinary()))
    op.add_column("api_keys_history", sa.Column("previous_digest", sa.LargeBinary()))
    op.add_column("api_keys_history", _moment("previous_expires_at", nullable=True))
    op.execute(
        "UPDATE api_keys_history AS version SET digest = present.digest, "
        "previous_digest = present.previous_digest, previous_expires_at = present.previous_expires_at "
        "FROM api_keys AS present "
        "WHERE present.master_id = version.master_id AND present.id = version.id"
    )
    op.alter_column("api_keys_history", "digest", nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
