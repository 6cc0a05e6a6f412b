"""Webhooks, what is delivered to them, and each try to do so (N17, T34).

A webhook's row also says how far the log was read for it, and which worker is at work on it. What came into
the log for it stands in a row of its own: who notes that never waits for who changes the webhook. Deliveries
and tries have no foreign key to it: both are deleted by their age, also those of a webhook that is gone.
"""

import enum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)

from models.accounts.tables import one_of
from models.base.columns import Column, account_columns, account_reference, created_at, moment
from models.base.planes import control_table


class WebhookStatus(enum.Enum):
    """Whether events are delivered."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"


class WebhookPauseReason(enum.Enum):
    """Why nothing is delivered."""

    FAILING = "FAILING"
    GONE = "GONE"
    KEY_STOPPED = "KEY_STOPPED"
    ORDERED = "ORDERED"


class WebhookDeliveryStatus(enum.Enum):
    """What became of a delivery."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    WITHHELD = "WITHHELD"
    CANCELED = "CANCELED"


class WebhookProblem(enum.Enum):
    """Why a try failed."""

    ADDRESS_NOT_ALLOWED = "ADDRESS_NOT_ALLOWED"
    NAME_NOT_FOUND = "NAME_NOT_FOUND"
    NOT_CONNECTED = "NOT_CONNECTED"
    NOT_ANSWERED = "NOT_ANSWERED"
    TIMED_OUT = "TIMED_OUT"
    REFUSED = "REFUSED"
    DATA_NOT_READ = "DATA_NOT_READ"


webhooks = control_table(
    "webhooks",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("url", Text, nullable=False),
    Column("description", Text),
    Column("api_key_id", Uuid, nullable=False, comment="It reads with the rights that this key has then."),
    Column("types", ARRAY(Text), nullable=False, comment="Of events, by their names in the API; empty: all."),
    Column("include_descendants", Boolean, nullable=False),
    Column("document", Text, comment="A GraphQL query that makes the data of a delivery."),
    Column("secret", LargeBinary, nullable=False, comment="Sealed: deliveries are signed with it."),
    Column("previous_secret", LargeBinary, comment="Sealed: signed with besides, until the moment below."),
    moment("previous_secret_expires_at"),
    Column("status", Text, nullable=False, server_default=WebhookStatus.ACTIVE.value),
    Column("pause_reason", Text),
    moment("paused_at"),
    moment("failing_since"),
    Column(
        "failures", Integer, nullable=False, server_default=text("0"), comment="Rounds in a row that failed."
    ),
    moment("rests_until"),
    moment("failure_told_at"),
    Column("read_cursor", Text, nullable=False, comment="Up to there the log was read."),
    Column(
        "read_transaction",
        BigInteger,
        nullable=False,
        comment="Events of earlier transactions were all read.",
    ),
    moment("replay_since"),
    moment("replay_until"),
    Column("replay_cursor", Text, comment="Up to there the replay has come."),
    Column("lease", Uuid, comment="Of the worker that is at work on it."),
    moment("lease_ends_at"),
    moment("turn_at"),
    Column("creator_user_id", Uuid, ForeignKey("users.id")),
    Column("creator_api_key_id", Uuid),
    Column("version", Integer, nullable=False, server_default=text("1")),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "api_key_id"], ["api_keys.master_id", "api_keys.id"]),
    one_of("status", WebhookStatus),
    one_of("pause_reason", WebhookPauseReason),
    CheckConstraint("char_length(url) BETWEEN 1 AND 2000", name="url_length"),
    CheckConstraint("char_length(description) BETWEEN 1 AND 200", name="description_length"),
    CheckConstraint("char_length(document) <= 10000", name="document_length"),
    CheckConstraint(
        f"(status = '{WebhookStatus.PAUSED.value}') = (pause_reason IS NOT NULL)"
        " AND (pause_reason IS NULL) = (paused_at IS NULL)",
        name="paused",
    ),
    CheckConstraint(
        "(previous_secret IS NULL) = (previous_secret_expires_at IS NULL)", name="previous_secret"
    ),
    CheckConstraint("(replay_since IS NULL) = (replay_until IS NULL)", name="replay"),
    Index("ix_webhooks_id", "id"),
    Index("ix_webhooks_account_id_id", "account_id", "id"),
    Index("ix_webhooks_api_key_id", "master_id", "api_key_id"),
    Index("ix_webhooks_active", "turn_at", postgresql_where=text("status = 'ACTIVE'")),
)

webhook_routing = control_table(
    "webhook_routing",
    Column("id", Integer, primary_key=True, autoincrement=False, comment="There is one log."),
    Column(
        "transaction_id",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="For events of earlier transactions it was noted which webhooks they concern.",
    ),
    CheckConstraint("id = 1", name="one"),
    comment="Who notes which webhooks events concern locks this row.",
)

webhook_news = control_table(
    "webhook_news",
    *account_columns(),
    Column("webhook_id", Uuid, nullable=False),
    Column(
        "first_transaction",
        BigInteger,
        nullable=False,
        comment="Events of earlier transactions that concern the webhook were all read.",
    ),
    Column("last_transaction", BigInteger, nullable=False, comment="The last one known to concern it."),
    PrimaryKeyConstraint("master_id", "webhook_id"),
    account_reference(),
    comment="Webhooks that events of the log concern which were not read for them yet.",
)

webhook_deliveries = control_table(
    "webhook_deliveries",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("webhook_id", Uuid, nullable=False),
    Column("event_id", Uuid, comment="NULL: a test."),
    Column("status", Text, nullable=False, server_default=WebhookDeliveryStatus.PENDING.value),
    Column(
        "failures",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Tries that failed since it was ordered, or ordered again by a replay.",
    ),
    moment("next_try_at"),
    moment("finished_at"),
    Column(
        "is_replay",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="It waits because of a replay alone.",
    ),
    Column(
        "is_urgent",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="Somebody waits for it: it is tried before others.",
    ),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    one_of("status", WebhookDeliveryStatus),
    CheckConstraint(
        f"(status = '{WebhookDeliveryStatus.PENDING.value}') = (next_try_at IS NOT NULL)"
        " AND (next_try_at IS NULL) = (finished_at IS NOT NULL)",
        name="finished",
    ),
    Index("ix_webhook_deliveries_id", "id"),
    Index("ix_webhook_deliveries_webhook_id_id", "master_id", "webhook_id", "id"),
    Index("ix_webhook_deliveries_webhook_id_status", "master_id", "webhook_id", "status", "id"),
    Index("ix_webhook_deliveries_finished_at", "finished_at"),
    Index(
        "uq_webhook_deliveries_event_id",
        "master_id",
        "webhook_id",
        "event_id",
        unique=True,
        postgresql_where=text("event_id IS NOT NULL"),
    ),
    Index(
        "ix_webhook_deliveries_pending",
        "master_id",
        "webhook_id",
        "next_try_at",
        "id",
        postgresql_where=text("status = 'PENDING'"),
    ),
)

webhook_tries = control_table(
    "webhook_tries",
    *account_columns(),
    Column("delivery_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("status_code", Integer, comment="Of HTTP; NULL: there was no answer."),
    Column("problem", Text, comment="NULL: it was taken."),
    Column("milliseconds", Integer, nullable=False),
    moment("tried_at", nullable=False),
    PrimaryKeyConstraint("master_id", "delivery_id", "id"),
    account_reference(),
    one_of("problem", WebhookProblem),
    Index("ix_webhook_tries_tried_at", "tried_at"),
)
