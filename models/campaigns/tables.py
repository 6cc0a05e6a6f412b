"""Campaigns (R26, R29, R56, R69-R72). An account has few, so they are a table of the control plane. Their
messages are of the data plane."""

import datetime
import enum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)

from models.accounts.tables import one_of
from models.base.columns import (
    Column,
    account_columns,
    account_reference,
    created_at,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table
from models.messages.tables import MessageChannel
from models.sending.tables import LABEL_LENGTH


class CampaignStatus(enum.Enum):
    """How far a campaign is."""

    DRAFT = "DRAFT"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    SCHEDULED = "SCHEDULED"
    SENDING = "SENDING"
    PAUSED = "PAUSED"
    SENT = "SENT"
    CANCELED = "CANCELED"
    FAILED = "FAILED"


UNTIL_RELEASED = datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)
"""The end of what somebody has to end."""

MOST_LISTS = 100
"""Contact lists of an audience, and lists that are taken out."""

_STARTED = "'SENDING', 'PAUSED', 'SENT', 'CANCELED'"
_MADE_AT_THE_START = (
    "version_id",
    "template_version",
    "sender",
    "recipients",
    "reservation_id",
    "recipient_list_id",
    "first_message_id",
    "started_at",
)

campaigns = control_table(
    "campaigns",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    short_text("name"),
    Column("status", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("template_id", Uuid, nullable=False, comment="Of the data plane, as all lists."),
    short_text("label", nullable=True),
    Column("compared_label", Text, comment="The label in the form that is compared."),
    Column("contact_list_ids", ARRAY(Uuid), nullable=False),
    Column("excluded_list_ids", ARRAY(Uuid), nullable=False, comment="Whoever is in one gets nothing."),
    short_text("attribute", nullable=True),
    Column("value", Text, comment="Of the attribute, as a text. None: any value."),
    Column("messages_per_hour", BigInteger),
    Column("sms_sender", Text, comment="Whom an SMS comes from."),
    Column("most_parts", BigInteger, comment="Of an SMS: the sends that each is paid as."),
    Column("version", BigInteger, nullable=False),
    Column("user_id", Uuid, comment="Who made it,"),
    Column("api_key_id", Uuid, comment="or which key."),
    Column("asked_by_user_id", Uuid, comment="Who had it sent,"),
    Column("asked_by_api_key_id", Uuid, comment="or which key,"),
    Column("asked_from", Uuid, comment="by a grant of this account."),
    Column("approved_by_user_id", Uuid, comment="Who let it be sent, where that takes another person."),
    Column("starts_local", Text, comment="The date and time that were asked for, in the time zone."),
    Column("time_zone", Text),
    moment("starts_at"),
    Column("version_id", Uuid, comment="Of the template, as it was at the start. So are those below."),
    Column("template_version", BigInteger),
    Column("sender", Text),
    short_text("sender_name", nullable=True),
    Column("recipients", BigInteger, comment="Who is sent to and paid for."),
    Column("left_out", BigInteger, comment="Who was blocked, had unsubscribed or bounced at the start."),
    Column("reservation_id", Uuid),
    Column("recipient_list_id", Uuid, comment="The recipients, in the order of their digests."),
    Column("first_message_id", Uuid, comment="Ids of messages count on from it in the order of the list."),
    Column("reached", BigInteger, nullable=False, comment="So many of the list are done."),
    Column("messages", BigInteger, nullable=False, comment="So many messages were written."),
    moment("next_at"),
    moment("work_due_at"),
    moment("held_from"),
    moment("held_until"),
    moment("resumed_at"),
    Column("failure_code", Text, comment="Why it could not be started."),
    Column("failure_message", Text),
    moment("started_at"),
    moment("ended_at"),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    ForeignKeyConstraint(["user_id"], ["users.id"]),
    ForeignKeyConstraint(["asked_by_user_id"], ["users.id"]),
    ForeignKeyConstraint(["approved_by_user_id"], ["users.id"]),
    ForeignKeyConstraint(["master_id", "api_key_id"], ["api_keys.master_id", "api_keys.id"]),
    ForeignKeyConstraint(["master_id", "asked_by_api_key_id"], ["api_keys.master_id", "api_keys.id"]),
    one_of("status", CampaignStatus),
    one_of("channel", MessageChannel),
    short_text_check("name"),
    short_text_check("attribute"),
    CheckConstraint(f"char_length(label) BETWEEN 1 AND {LABEL_LENGTH}", name="label_length"),
    CheckConstraint("(label IS NULL) = (compared_label IS NULL)", name="compared_label"),
    CheckConstraint(
        f"cardinality(contact_list_ids) <= {MOST_LISTS} AND cardinality(excluded_list_ids) <= {MOST_LISTS}",
        name="lists",
    ),
    CheckConstraint("value IS NULL OR attribute IS NOT NULL", name="value"),
    CheckConstraint(
        "num_nonnulls(sms_sender, most_parts) = CASE WHEN channel = 'SMS' THEN 2 ELSE 0 END", name="sms"
    ),
    CheckConstraint("most_parts BETWEEN 1 AND 10", name="most_parts"),
    CheckConstraint("messages_per_hour > 0", name="messages_per_hour"),
    CheckConstraint("num_nulls(starts_local, time_zone, starts_at) IN (0, 3)", name="schedule"),
    CheckConstraint("status <> 'SCHEDULED' OR starts_at IS NOT NULL", name="scheduled"),
    CheckConstraint(
        f"num_nonnulls({', '.join(_MADE_AT_THE_START)}) = "
        f"CASE WHEN status IN ({_STARTED}) THEN {len(_MADE_AT_THE_START)} ELSE 0 END",
        name="started",
    ),
    CheckConstraint("(status IN ('SENT', 'CANCELED')) = (ended_at IS NOT NULL)", name="ended"),
    CheckConstraint("status <> 'FAILED' OR failure_code IS NOT NULL", name="failed"),
    CheckConstraint("num_nulls(failure_code, failure_message) IN (0, 2)", name="failure"),
    CheckConstraint("num_nulls(held_from, held_until) IN (0, 2)", name="held"),
    Index("ix_campaigns_id", "id"),
    Index("ix_campaigns_account_id_id", "account_id", "id"),
    Index("ix_campaigns_work_due_at", "work_due_at", postgresql_where=text("work_due_at IS NOT NULL")),
    Index("ix_campaigns_held", "master_id", "account_id", postgresql_where=text("held_until IS NOT NULL")),
)
