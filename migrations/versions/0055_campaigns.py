"""campaigns"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0055"
down_revision = "0054"

STATUSES = "'DRAFT', 'AWAITING_APPROVAL', 'SCHEDULED', 'SENDING', 'PAUSED', 'SENT', 'CANCELED', 'FAILED'"

CHECKS = {
    "status": f"status IN ({STATUSES})",
    "channel": "channel IN ('EMAIL', 'SMS')",
    "name_length": "char_length(name) BETWEEN 1 AND 200",
    "attribute_length": "char_length(attribute) BETWEEN 1 AND 200",
    "label_length": "char_length(label) BETWEEN 1 AND 50",
    "lists": "cardinality(contact_list_ids) <= 100 AND cardinality(excluded_list_ids) <= 100",
    "value": "value IS NULL OR attribute IS NOT NULL",
    "messages_per_hour": "messages_per_hour > 0",
    "schedule": "num_nulls(starts_local, time_zone, starts_at) IN (0, 3)",
    "scheduled": "status <> 'SCHEDULED' OR starts_at IS NOT NULL",
    "started": "num_nonnulls(version_id, template_version, sender, recipients, reservation_id, "
    "recipient_list_id, first_message_id, started_at) = "
    "CASE WHEN status IN ('SENDING', 'PAUSED', 'SENT', 'CANCELED') THEN 8 ELSE 0 END",
    "ended": "(status IN ('SENT', 'CANCELED')) = (ended_at IS NOT NULL)",
    "failed": "status <> 'FAILED' OR failure_code IS NOT NULL",
    "failure": "num_nulls(failure_code, failure_message) IN (0, 2)",
    "held": "num_nulls(held_from, held_until) IN (0, 2)",
}

SETTINGS = (
    "'TIME_ZONE', 'DEFAULT_COUNTRY', 'LANGUAGE', 'SENDER_NAME', 'SENDER_ADDRESS', 'UNSUBSCRIBE_PAGE', "
    "'CAMPAIGN_APPROVAL', 'BOUNCE_LIMITS', 'QUIET_HOURS', 'FIELD_FUNCTIONS'"
)

CHANGED = (
    "name, status, template_id, label, contact_list_ids, excluded_list_ids, attribute, value, "
    "messages_per_hour, version, asked_by_user_id, asked_by_api_key_id, asked_from, approved_by_user_id, "
    "starts_local, time_zone, starts_at, version_id, template_version, sender, sender_name, recipients, "
    "left_out, reservation_id, recipient_list_id, first_message_id, reached, messages, next_at, work_due_at, "
    "held_from, held_until, resumed_at, failure_code, failure_message, started_at, ended_at"
)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _reference(columns: list[str], table: str, others: list[str]) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_campaigns_{'_'.join(columns)}")
    return sa.ForeignKeyConstraint(columns, [f"{table}.{other}" for other in others], name=name)


def upgrade() -> None:
    in_tree = ["master_id", "id"]
    op.create_table(
        "campaigns",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False, comment="Of the data plane, as all lists."),
        sa.Column("label", sa.Text()),
        sa.Column("contact_list_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column(
            "excluded_list_ids",
            postgresql.ARRAY(sa.Uuid()),
            nullable=False,
            comment="Whoever is in one gets nothing.",
        ),
        sa.Column("attribute", sa.Text()),
        sa.Column("value", sa.Text(), comment="Of the attribute, as a text. None: any value."),
        sa.Column("messages_per_hour", sa.BigInteger()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), comment="Who made it,"),
        sa.Column("api_key_id", sa.Uuid(), comment="or which key."),
        sa.Column("asked_by_user_id", sa.Uuid(), comment="Who had it sent,"),
        sa.Column("asked_by_api_key_id", sa.Uuid(), comment="or which key,"),
        sa.Column("asked_from", sa.Uuid(), comment="by a grant of this account."),
        sa.Column(
            "approved_by_user_id",
            sa.Uuid(),
            comment="Who let it be sent, where that takes another person.",
        ),
        sa.Column(
            "starts_local", sa.Text(), comment="The date and time that were asked for, in the time zone."
        ),
        sa.Column("time_zone", sa.Text()),
        _moment("starts_at"),
        sa.Column(
            "version_id",
            sa.Uuid(),
            comment="Of the template, as it was at the start. So are those below.",
        ),
        sa.Column("template_version", sa.BigInteger()),
        sa.Column("sender", sa.Text()),
        sa.Column("sender_name", sa.Text()),
        sa.Column("recipients", sa.BigInteger(), comment="Who is sent to and paid for."),
        sa.Column(
            "left_out",
            sa.BigInteger(),
            comment="Who was blocked, had unsubscribed or bounced at the start.",
        ),
        sa.Column("reservation_id", sa.Uuid()),
        sa.Column("recipient_list_id", sa.Uuid(), comment="The recipients, in the order of their digests."),
        sa.Column(
            "first_message_id",
            sa.Uuid(),
            comment="Ids of messages count on from it in the order of the list.",
        ),
        sa.Column("reached", sa.BigInteger(), nullable=False, comment="So many of the list are done."),
        sa.Column("messages", sa.BigInteger(), nullable=False, comment="So many messages were written."),
        *[_moment(name) for name in ("next_at", "work_due_at", "held_from", "held_until", "resumed_at")],
        sa.Column("failure_code", sa.Text(), comment="Why it could not be started."),
        sa.Column("failure_message", sa.Text()),
        _moment("started_at"),
        _moment("ended_at"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        *[sa.CheckConstraint(rule, name=op.f(f"ck_campaigns_{name}")) for name, rule in CHECKS.items()],
        _reference(["master_id", "account_id"], "accounts", in_tree),
        *[
            _reference([name], "users", ["id"])
            for name in ("user_id", "asked_by_user_id", "approved_by_user_id")
        ],
        *[
            _reference(["master_id", name], "api_keys", in_tree)
            for name in ("api_key_id", "asked_by_api_key_id")
        ],
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_campaigns")),
    )
    op.create_index("ix_campaigns_id", "campaigns", ["id"])
    op.create_index("ix_campaigns_account_id_id", "campaigns", ["account_id", "id"])
    for name, columns, condition in (
        ("work_due_at", ["work_due_at"], "work_due_at IS NOT NULL"),
        ("held", ["master_id", "account_id"], "held_until IS NOT NULL"),
    ):
        op.create_index(f"ix_campaigns_{name}", "campaigns", columns, postgresql_where=sa.text(condition))
    op.execute(f"GRANT SELECT, INSERT, DELETE, UPDATE ({CHANGED}) ON campaigns TO mandant_application")
    op.drop_constraint(op.f("ck_settings_setting"), "settings")
    op.create_check_constraint(op.f("ck_settings_setting"), "settings", f"setting IN ({SETTINGS})")
    # Messages of a campaign that was paused get their time to be tried anew.
    op.execute("GRANT UPDATE (expires_at) ON messages TO mandant_data")
