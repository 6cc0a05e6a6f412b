"""messages"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0053"
down_revision = "0052"

ROLE = "mandant_data"
BY_MONTH = "RANGE (id)"

GRANTS = {
    "message_bodies": "SELECT, INSERT, DELETE, UPDATE (subject, text, html)",
    "messages": "SELECT, INSERT, DELETE, UPDATE (status, due_at, claimed_at, attempts, settled_at, answer, reference, "
    # Erased with its recipient.
    "recipient, recipient_canonical, recipient_digest, contact_id, variables, headers)",
    "message_keys": "SELECT, INSERT, DELETE",
}


def _account() -> list[sa.Column[Any]]:
    return [
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
    ]


def _created_at() -> sa.Column[Any]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def upgrade() -> None:
    op.execute("CREATE SCHEMA months")
    op.create_table(
        "message_bodies",
        *_account(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), comment="Of an e-mail."),
        sa.Column("text", sa.Text()),
        sa.Column("html", sa.Text()),
        _created_at(),
        sa.CheckConstraint("text IS NOT NULL OR html IS NOT NULL", name=op.f("ck_message_bodies_body")),
        sa.CheckConstraint("char_length(subject) <= 998", name=op.f("ck_message_bodies_subject_length")),
        sa.CheckConstraint("char_length(text) <= 500000", name=op.f("ck_message_bodies_text_length")),
        sa.CheckConstraint("char_length(html) <= 500000", name=op.f("ck_message_bodies_html_length")),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_message_bodies")),
        postgresql_partition_by=BY_MONTH,
        comment="What messages say that were made from no template. Those of one request share it.",
    )
    op.create_table(
        "messages",
        *_account(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("label", sa.Text()),
        sa.Column("api_key_id", sa.Uuid(), comment="The key that sent it. None: a campaign, or a person."),
        sa.Column("campaign_id", sa.Uuid(), comment="The campaign that it belongs to."),
        sa.Column("contact_list_id", sa.Uuid(), comment="The list that it was sent to."),
        sa.Column("is_test", sa.Boolean(), nullable=False, comment="Whether it is delivered to nobody."),
        sa.Column("recipient", sa.Text(), nullable=False, comment="As it was given."),
        sa.Column(
            "recipient_canonical",
            sa.Text(collation="C"),
            nullable=False,
            comment="What is compared (T24).",
        ),
        sa.Column("recipient_digest", sa.LargeBinary(), nullable=False, comment="Keyed (T23)."),
        sa.Column(
            "contact_id", sa.Uuid(), comment="The contact with this address, as the message was taken in."
        ),
        sa.Column("version_id", sa.Uuid(), comment="Of the template that it is made from."),
        sa.Column("body_id", sa.Uuid(), comment="What it says, where it is made from no template."),
        sa.Column("variables", postgresql.JSONB(), comment="For the template."),
        sa.Column("sender", sa.Text(), nullable=False, comment="The address that it comes from."),
        sa.Column("sender_name", sa.Text()),
        sa.Column(
            "sends", sa.BigInteger(), nullable=False, comment="That it counts as: the parts of an SMS."
        ),
        sa.Column("reply_to", sa.Text()),
        sa.Column("headers", postgresql.JSONB(), comment="Further ones, by their names."),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("answer", sa.Text(), comment="Of whoever it was handed to, or what went wrong."),
        sa.Column("reference", sa.Text(), comment="The id that whoever it was handed to gave it."),
        _created_at(),
        sa.CheckConstraint("channel IN ('EMAIL', 'SMS')", name=op.f("ck_messages_channel")),
        sa.CheckConstraint("stream IN ('MARKETING', 'TRANSACTIONAL')", name=op.f("ck_messages_stream")),
        sa.CheckConstraint(
            "status IN ('WAITING', 'CLAIMED', 'SENT', 'FAILED', 'EXCLUDED', 'DOUBTFUL', 'CANCELED')",
            name=op.f("ck_messages_status"),
        ),
        sa.CheckConstraint("char_length(label) BETWEEN 1 AND 50", name=op.f("ck_messages_label_length")),
        sa.CheckConstraint("num_nonnulls(version_id, body_id) = 1", name=op.f("ck_messages_content")),
        sa.CheckConstraint(
            "(status IN ('WAITING', 'CLAIMED')) = (settled_at IS NULL)", name=op.f("ck_messages_settled")
        ),
        sa.CheckConstraint("status <> 'CLAIMED' OR claimed_at IS NOT NULL", name=op.f("ck_messages_claimed")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id", "version_id"],
            ["template_versions.master_id", "template_versions.account_id", "template_versions.id"],
            name=op.f("fk_messages_master_id_account_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id", "body_id"],
            ["message_bodies.master_id", "message_bodies.account_id", "message_bodies.id"],
            name=op.f("fk_messages_master_id_account_id_body_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_messages")),
        postgresql_partition_by=BY_MONTH,
        comment="Each is counted as a send by the transaction that writes it.",
    )
    of_account = ["master_id", "account_id"]
    op.create_index("ix_messages_recipient_canonical", "messages", [*of_account, "recipient_canonical", "id"])
    for name, columns, condition in (
        ("due", ["stream", "due_at", "id"], "status = 'WAITING'"),
        ("body_id", ["body_id"], "body_id IS NOT NULL"),
        ("label", ["label", "id"], "label IS NOT NULL"),
        ("status", ["status", "id"], "status <> 'SENT'"),
    ):
        op.create_index(
            f"ix_messages_{name}", "messages", [*of_account, *columns], postgresql_where=sa.text(condition)
        )
    op.create_table(
        "message_keys",
        *_account(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="Of all that the message was asked to be."
        ),
        _created_at(),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_message_keys")),
        sa.UniqueConstraint(
            "master_id", "account_id", "key", name=op.f("uq_message_keys_master_id_account_id_key")
        ),
        comment="Idempotency keys of messages, by the ids of these, for seven days.",
    )
    op.create_index("ix_message_keys_created_at", "message_keys", ["created_at"])
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
        # An account is of one tree, as in 0033.
        op.execute(
            f"CREATE STATISTICS st_{table}_account (dependencies) ON master_id, account_id FROM {table}"
        )
    op.create_table(
        "delivery_queues",
        *_account(),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_delivery_queues_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_delivery_queues")),
        comment="Accounts with messages that wait or were claimed, and when a worker has to look next.",
    )
    op.create_index("ix_delivery_queues_due_at", "delivery_queues", ["due_at"])
    op.execute("GRANT SELECT, INSERT, DELETE, UPDATE (due_at) ON delivery_queues TO mandant_application")
