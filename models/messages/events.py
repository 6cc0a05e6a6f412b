"""What recipients, and the servers on the way to them, did with messages. Tables of the data plane."""

import enum

from sqlalchemy import Boolean, CheckConstraint, Index, Text, Uuid, text

from models.accounts.tables import one_of
from models.base.columns import Column, created_at, moment
from models.base.planes import data_table

LONGEST_EVENT_URL = 4_000
LONGEST_EVENT_STATUS = 20
LONGEST_DIAGNOSTIC = 1_000
LONGEST_EVENT_KEY = 200


class MessageEventKind(enum.Enum):
    """What happened to a message that was handed over. Opens and clicks repeat; of each other kind a message
    has one event."""

    DELIVERED = "DELIVERED"
    HARD_BOUNCE = "HARD_BOUNCE"
    SOFT_BOUNCE = "SOFT_BOUNCE"
    COMPLAINT = "COMPLAINT"
    OPEN = "OPEN"
    CLICK = "CLICK"
    UNSUBSCRIBE = "UNSUBSCRIBE"


message_events = data_table(
    "message_events",
    Column(
        "message_id",
        Uuid,
        nullable=False,
        comment="Of a partner's engine: made of the reservation and the recipient.",
    ),
    Column("reservation_id", Uuid, comment="By which a partner's engine sent."),
    Column("kind", Text, nullable=False),
    moment("happened_at", nullable=False),
    Column("is_first", Boolean, nullable=False, comment="The first of its kind that was told."),
    Column("key", Text, comment="A partner's own id of the event."),
    Column("url", Text, comment="That was clicked."),
    Column("status", Text, comment="Of a bounce (RFC 3463)."),
    Column("diagnostic", Text, comment="What the recipient's server said."),
    created_at(),
    one_of("kind", MessageEventKind),
    CheckConstraint(f"char_length(key) BETWEEN 1 AND {LONGEST_EVENT_KEY}", name="key_length"),
    CheckConstraint(f"char_length(url) <= {LONGEST_EVENT_URL}", name="url_length"),
    CheckConstraint(f"char_length(status) <= {LONGEST_EVENT_STATUS}", name="status_length"),
    CheckConstraint(f"char_length(diagnostic) <= {LONGEST_DIAGNOSTIC}", name="diagnostic_length"),
    # Whoever tells of a first open meanwhile waits here, and becomes the second.
    Index(
        "uq_message_events_first",
        "master_id",
        "account_id",
        "message_id",
        "kind",
        unique=True,
        postgresql_where=text("is_first"),
    ),
    # Whoever tells of the same event meanwhile waits here, and is told that it is known.
    Index(
        "uq_message_events_key",
        "master_id",
        "account_id",
        "message_id",
        "key",
        unique=True,
        postgresql_where=text("key IS NOT NULL"),
    ),
    key=("message_id", "id"),
    by_month=True,
    months_of="message_id",
    comment="In the order in which they were told, which is not that in which they happened. They are "
    "dropped with the month of their message.",
)
