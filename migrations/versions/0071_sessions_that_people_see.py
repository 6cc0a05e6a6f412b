"""what people see of their sessions, and how long sessions last in a tree"""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"

ROLE = "mandant_application"


def upgrade() -> None:
    op.add_column(
        "sessions",
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
            comment="Noted at most once a minute.",
        ),
    )
    op.add_column(
        "sessions", sa.Column("client", sa.Text(), comment="Of the sign-in, such as Firefox on Linux.")
    )
    op.add_column(
        "sessions",
        sa.Column("place", sa.Text(), comment="The network of the sign-in. Whole addresses are not kept."),
    )
    op.create_check_constraint(
        op.f("ck_sessions_client_length"), "sessions", "char_length(client) BETWEEN 1 AND 100"
    )
    op.create_check_constraint(
        op.f("ck_sessions_place_length"), "sessions", "char_length(place) BETWEEN 1 AND 50"
    )
    op.create_table(
        "session_limits",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("idle_minutes", sa.Integer(), comment="A session ends when it was not used for as long."),
        sa.Column("maximum_minutes", sa.Integer(), comment="A session ends so long after the sign-in."),
        sa.CheckConstraint("account_id = master_id", name=op.f("ck_session_limits_of_master")),
        sa.CheckConstraint("idle_minutes BETWEEN 5 AND 43200", name=op.f("ck_session_limits_idle_minutes")),
        sa.CheckConstraint(
            "maximum_minutes BETWEEN 5 AND 43200", name=op.f("ck_session_limits_maximum_minutes")
        ),
        sa.CheckConstraint(
            "idle_minutes IS NOT NULL OR maximum_minutes IS NOT NULL",
            name=op.f("ck_session_limits_content"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_session_limits_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_session_limits")),
        comment="Of a master account, for everybody who is a member or guest in its tree.",
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON session_limits TO {ROLE}")
