"""Sending sources: what of an account sends, and whether both of its keys let it send (R4-R9, N14).

A source is an API key on one stream, or, without a key, the account's campaigns and what its people send on
the stream. It has a row once it has sent enough to be judged, or was paused. Without a row it is ACTIVE.
"""

import enum

from sqlalchemy import BigInteger, CheckConstraint, DateTime, PrimaryKeyConstraint, Text, Uuid, text

from models.accounts.tables import one_of
from models.base.columns import Column, account_columns, account_reference, moment
from models.base.planes import control_table
from models.sending.tables import SendStream


class CustomerState(enum.Enum):
    """Whether an account lets something of its own send."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"


class PlatformState(enum.Enum):
    """Whether the platform lets something of an account send."""

    ACTIVE = "ACTIVE"
    WARNED = "WARNED"
    PAUSED = "PAUSED"
    TRIAL = "TRIAL"


class StateReason(enum.Enum):
    """Why the platform does not let it send without limits, or warns."""

    BOUNCE_RATE = "BOUNCE_RATE"
    COMPLAINT_RATE = "COMPLAINT_RATE"
    STAFF = "STAFF"


KEY_OF_SOURCE = ("master_id", "account_id", "stream", "api_key_id")


def _count(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"), comment=comment)


sending_sources = control_table(
    "sending_sources",
    *account_columns(),
    Column("stream", Text, nullable=False),
    Column("api_key_id", Uuid, nullable=False, comment="The key that sends. Only zeros: none does."),
    Column("customer_state", Text, nullable=False, server_default=CustomerState.ACTIVE.value),
    moment("customer_since"),
    Column("platform_state", Text, nullable=False, server_default=PlatformState.ACTIVE.value),
    moment("platform_since"),
    Column("reason", Text, comment="Why the platform's state is not ACTIVE."),
    moment("cool_down_until"),
    _count("pauses", "By rates, one soon after the other. Each has a longer cool-down."),
    Column("paused_at", DateTime(timezone=True), comment="The last of these."),
    Column("judged_from", DateTime(timezone=True), comment="What was sent before says nothing any more."),
    moment("trial_hour_at"),
    _count("trial_sends", "Since then, for an hour."),
    _count("sent", "In the window that was judged last, as the next two."),
    _count("hard_bounces"),
    _count("complaints"),
    moment("judged_at"),
    PrimaryKeyConstraint(*KEY_OF_SOURCE),
    account_reference(),
    one_of("stream", SendStream),
    one_of("customer_state", CustomerState),
    one_of("platform_state", PlatformState),
    one_of("reason", StateReason),
    CheckConstraint("(platform_state = 'ACTIVE') = (reason IS NULL)", name="reason_of_state"),
    CheckConstraint("customer_state = 'ACTIVE' OR customer_since IS NOT NULL", name="customer_since"),
    CheckConstraint("platform_state = 'ACTIVE' OR platform_since IS NOT NULL", name="platform_since"),
    CheckConstraint(
        "(cool_down_until IS NOT NULL) = (platform_state = 'PAUSED' AND reason <> 'STAFF')", name="cool_down"
    ),
    CheckConstraint(
        "pauses >= 0 AND trial_sends >= 0 AND sent >= 0 AND hard_bounces >= 0 AND complaints >= 0",
        name="counts",
    ),
    comment="What of an account sends, and whether it may. Without a row it is active.",
)
