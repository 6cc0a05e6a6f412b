"""Messages that Mandant sends itself, each to one recipient. Tables of the data plane, but for the queues."""

import enum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.accounts.tables import one_of
from models.base.columns import Column, account_columns, account_reference, created_at, moment, short_text
from models.base.planes import control_table, data_reference, data_table, unique_in_account
from models.sending.tables import LABEL_LENGTH, SendStream
from models.templates.tables import LONGEST_BODY, LONGEST_SUBJECT


class MessageChannel(enum.Enum):
    """How a message reaches its recipient."""

    EMAIL = "EMAIL"
    SMS = "SMS"


class MessageStatus(enum.Enum):
    """What has become of a message. CLAIMED is committed before the message is handed over."""

    WAITING = "WAITING"
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    FAILED = "FAILED"
    EXCLUDED = "EXCLUDED"
    DOUBTFUL = "DOUBTFUL"
    CANCELED = "CANCELED"


_OPEN = "'WAITING', 'CLAIMED'"

message_bodies = data_table(
    "message_bodies",
    Column("subject", Text, comment="Of an e-mail."),
    Column("text", Text),
    Column("html", Text),
    created_at(),
    CheckConstraint(f"char_length(subject) <= {LONGEST_SUBJECT}", name="subject_length"),
    CheckConstraint(f"char_length(text) <= {LONGEST_BODY}", name="text_length"),
    CheckConstraint(f"char_length(html) <= {LONGEST_BODY}", name="html_length"),
    CheckConstraint("text IS NOT NULL OR html IS NOT NULL", name="body"),
    by_month=True,
    comment="What messages say that were made from no template. Those of one request share it.",
)

messages = data_table(
    "messages",
    Column("channel", Text, nullable=False),
    Column("stream", Text, nullable=False),
    short_text("label", nullable=True),
    Column("compared_label", Text, comment="The label in the form that is compared."),
    Column("api_key_id", Uuid, comment="The key that sent it. None: a campaign, or a person."),
    Column("campaign_id", Uuid, comment="The campaign that it belongs to."),
    Column("contact_list_id", Uuid, comment="The list that it was sent to."),
    Column("is_test", Boolean, nullable=False, comment="Whether it is delivered to nobody."),
    Column("recipient", Text, nullable=False, comment="As it was given."),
    Column("recipient_canonical", Text(collation="C"), nullable=False, comment="What is compared (T24)."),
    Column("recipient_digest", LargeBinary, nullable=False, comment="Keyed (T23)."),
    Column("contact_id", Uuid, comment="The contact with this address, as the message was taken in."),
    Column("version_id", Uuid, comment="Of the template that it is made from."),
    Column("body_id", Uuid, comment="What it says, where it is made from no template."),
    Column("variables", JSONB, comment="For the template."),
    Column("sender", Text, nullable=False, comment="The address that it comes from."),
    short_text("sender_name", nullable=True),
    Column("sends", BigInteger, nullable=False, comment="That it counts as: the parts of an SMS."),
    Column("reply_to", Text),
    Column("headers", JSONB, comment="Further ones, by their names."),
    Column("status", Text, nullable=False),
    moment("due_at", nullable=False),
    moment("expires_at", nullable=False),
    moment("claimed_at"),
    Column("attempts", BigInteger, nullable=False),
    moment("settled_at"),
    Column("answer", Text, comment="Of whoever it was handed to, or what went wrong."),
    Column("reference", Text, comment="The id that whoever it was handed to gave it."),
    created_at(),
    data_reference("version_id", "template_versions"),
    data_reference("body_id", "message_bodies"),
    one_of("channel", MessageChannel),
    one_of("stream", SendStream),
    one_of("status", MessageStatus),
    CheckConstraint(f"char_length(label) BETWEEN 1 AND {LABEL_LENGTH}", name="label_length"),
    CheckConstraint("(label IS NULL) = (compared_label IS NULL)", name="compared_label"),
    CheckConstraint("num_nonnulls(version_id, body_id) = 1", name="content"),
    CheckConstraint(f"(status IN ({_OPEN})) = (settled_at IS NULL)", name="settled"),
    CheckConstraint("status <> 'CLAIMED' OR claimed_at IS NOT NULL", name="claimed"),
    Index("ix_messages_recipient_canonical", "master_id", "account_id", "recipient_canonical", "id"),
    Index(
        "ix_messages_due",
        "master_id",
        "account_id",
        "stream",
        "due_at",
        "id",
        postgresql_where=text("status = 'WAITING'"),
    ),
    Index(
        "ix_messages_body_id",
        "master_id",
        "account_id",
        "body_id",
        postgresql_where=text("body_id IS NOT NULL"),
    ),
    Index(
        "ix_messages_compared_label",
        "master_id",
        "account_id",
        "compared_label",
        "id",
        postgresql_where=text("compared_label IS NOT NULL"),
    ),
    Index(
        "ix_messages_status",
        "master_id",
        "account_id",
        "status",
        "id",
        postgresql_where=text("status <> 'SENT'"),
    ),
    by_month=True,
    comment="Each is counted as a send by the transaction that writes it.",
)

message_keys = data_table(
    "message_keys",
    Column("key", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="Of all that the message was asked to be."),
    created_at(),
    unique_in_account("key"),
    Index("ix_message_keys_created_at", "created_at"),
    comment="Idempotency keys of messages, by the ids of these, for seven days.",
)

sms_senders = control_table(
    "sms_senders",
    *account_columns(),
    Column("sender", Text(collation="C"), nullable=False, comment="A name or a number, as messages have it."),
    created_at(),
    PrimaryKeyConstraint("master_id", "account_id", "sender"),
    account_reference(),
    Index("ix_sms_senders_sender", "sender"),
    comment="Whom SMS of an account came from, so that answers to them find the account.",
)

delivery_queues = control_table(
    "delivery_queues",
    *account_columns(),
    moment("due_at", nullable=False),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    Index("ix_delivery_queues_due_at", "due_at"),
    comment="Accounts with messages that wait or were claimed, and when a worker has to look next.",
)
