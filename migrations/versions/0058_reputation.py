"""reputation of what sends in an account"""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"

ROLE = "mandant_application"


def _count(name: str, comment: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment=comment)


def _moment(name: str, comment: str | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), comment=comment)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_sending_sources_{name}"))


def upgrade() -> None:
    op.create_table(
        "sending_sources",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column(
            "api_key_id", sa.Uuid(), nullable=False, comment="The key that sends. Only zeros: none does."
        ),
        sa.Column("customer_state", sa.Text(), server_default="ACTIVE", nullable=False),
        _moment("customer_since"),
        sa.Column("platform_state", sa.Text(), server_default="ACTIVE", nullable=False),
        _moment("platform_since"),
        sa.Column("reason", sa.Text(), comment="Why the platform's state is not ACTIVE."),
        _moment("cool_down_until"),
        _count("pauses", "By rates, one soon after the other. Each has a longer cool-down."),
        _moment("paused_at", "The last of these."),
        _moment("judged_from", "What was sent before says nothing any more."),
        _moment("trial_hour_at"),
        _count("trial_sends", "Since then, for an hour."),
        _count("sent", "In the window that was judged last, as the next two."),
        _count("hard_bounces"),
        _count("complaints"),
        _moment("judged_at"),
        _check("stream", "stream IN ('MARKETING', 'TRANSACTIONAL')"),
        _check("customer_state", "customer_state IN ('ACTIVE', 'PAUSED')"),
        _check("platform_state", "platform_state IN ('ACTIVE', 'WARNED', 'PAUSED', 'TRIAL')"),
        _check("reason", "reason IN ('BOUNCE_RATE', 'COMPLAINT_RATE', 'STAFF')"),
        _check("reason_of_state", "(platform_state = 'ACTIVE') = (reason IS NULL)"),
        _check(
            "cool_down",
            "(cool_down_until IS NOT NULL) = (platform_state = 'PAUSED' AND reason <> 'STAFF')",
        ),
        _check(
            "counts",
            "pauses >= 0 AND trial_sends >= 0 AND sent >= 0 AND hard_bounces >= 0 AND complaints >= 0",
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_sending_sources_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint(
            "master_id", "account_id", "stream", "api_key_id", name=op.f("pk_sending_sources")
        ),
        comment="What of an account sends, and whether it may. Without a row it is active.",
    )
    written = (
        "customer_state, customer_since, platform_state, platform_since, reason, cool_down_until, pauses, "
        "paused_at, judged_from, trial_hour_at, trial_sends, sent, hard_bounces, complaints, judged_at"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ({written}) ON sending_sources TO {ROLE}")
    op.add_column(
        "send_reservations",
        sa.Column("api_key_id", sa.Uuid(), comment="The key that made it. None: a person."),
    )
