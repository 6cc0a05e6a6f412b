"""statistics"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"

ROLE = "mandant_data"
NUMBERS = (
    "sent",
    "failed",
    "delivered",
    "hard_bounces",
    "soft_bounces",
    "complaints",
    "opens",
    "unique_opens",
    "clicks",
    "unique_clicks",
    "unsubscribes",
)
SUMS = {
    "statistics": "What became of messages. A day and a month start at midnight of their own date, read as UTC.",
    "subtree_statistics": "The same of all accounts below an account together, without its own.",
}
MONEY = ("orders", "cost", "revenue")


def _text(name: str, comment: str | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False, comment=comment)


def _account() -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in ("master_id", "account_id")]


def _numbers(names: tuple[str, ...]) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _one_of(table: str, column: str, values: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({values})", name=op.f(f"ck_{table}_{column}"))


def _create_sums(name: str, comment: str) -> None:
    op.create_table(
        name,
        *_account(),
        _text("period"),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        _text("channel"),
        _text("stream"),
        sa.Column(
            "api_key_id", sa.Uuid(), nullable=False, comment="The key that sent. Only zeros: none did."
        ),
        sa.Column("campaign_id", sa.Uuid(), nullable=False, comment="Only zeros: of no campaign."),
        _text("label", "In the form that is compared. Empty: none."),
        *_numbers((*NUMBERS, *MONEY)),
        _one_of(name, "period", "'HOUR', 'DAY', 'MONTH'"),
        _one_of(name, "channel", "'EMAIL', 'SMS'"),
        _one_of(name, "stream", "'MARKETING', 'TRANSACTIONAL'"),
        sa.PrimaryKeyConstraint(
            "master_id",
            "account_id",
            "period",
            "starts_at",
            "channel",
            "stream",
            "api_key_id",
            "campaign_id",
            "label",
            name=op.f(f"pk_{name}"),
        ),
        comment=comment,
    )
    op.create_index(f"ix_{name}_starts_at", name, ["starts_at"], postgresql_where=sa.text("period = 'HOUR'"))


def upgrade() -> None:
    for name, comment in SUMS.items():
        _create_sums(name, comment)
    op.create_table(
        "recipient_statistics",
        *_account(),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        _text("channel"),
        _text("recipients", "Their domain or country. An asterisk: others."),
        *_numbers(NUMBERS),
        _one_of("recipient_statistics", "channel", "'EMAIL', 'SMS'"),
        sa.PrimaryKeyConstraint(
            "master_id",
            "account_id",
            "starts_at",
            "channel",
            "recipients",
            name=op.f("pk_recipient_statistics"),
        ),
        comment="The same by day and recipients, where these are known. Days as in statistics.",
    )
    for table in (*SUMS, "recipient_statistics"):
        op.execute(f"GRANT SELECT, INSERT, DELETE, UPDATE ON {table} TO {ROLE}")
        op.execute(
            f"CREATE STATISTICS st_{table}_account (dependencies) ON master_id, account_id FROM {table}"
        )
    op.create_table(
        "statistics_due",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("master_id", name=op.f("pk_statistics_due")),
        comment="Trees with something to add up. Whoever counts there locks the row, and a job deletes it.",
    )
    # The right to change a row lets whoever counts lock it.
    op.execute("GRANT SELECT, INSERT, DELETE, UPDATE (master_id) ON statistics_due TO mandant_application")
