"""Numbers of what became of messages (R35, R57, R58, R84). Tables of the data plane.

Each transaction that counts writes rows of `statistic_deltas`, so that no two of them wait for each other. A
job adds these rows up, and deletes them.
"""

import enum

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, Text, Uuid

from models.accounts.tables import one_of
from models.base.columns import Column, created_at, moment
from models.base.planes import data_table
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream


class StatisticKind(enum.Enum):
    """What is counted. SENT counts sends as the gate lets them pass, with what they cost. REVENUE counts
    orders that clients report, with their amounts."""

    SENT = "SENT"
    FAILED = "FAILED"
    DELIVERED = "DELIVERED"
    HARD_BOUNCE = "HARD_BOUNCE"
    SOFT_BOUNCE = "SOFT_BOUNCE"
    COMPLAINT = "COMPLAINT"
    OPEN = "OPEN"
    CLICK = "CLICK"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    REVENUE = "REVENUE"


statistic_deltas = data_table(
    "statistic_deltas",
    Column("kind", Text, nullable=False),
    moment("happened_at", nullable=False),
    Column("channel", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("api_key_id", Uuid, comment="The key that sent. None: campaigns and people."),
    Column("campaign_id", Uuid),
    Column("label", Text, comment="In the form that is compared."),
    Column("domain", Text, comment="Of the recipients, in ASCII. Of an e-mail."),
    Column("country", Text, comment="Of the recipients, in two letters. Of an SMS."),
    Column("number", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False, comment="In micro-units of the currency."),
    Column("is_first", Boolean, nullable=False, comment="The first of this kind for its message."),
    created_at(),
    one_of("kind", StatisticKind),
    one_of("channel", MessageChannel),
    one_of("stream", SendStream),
    CheckConstraint("number >= 0", name="number"),
    Index("ix_statistic_deltas_created_at", "master_id", "created_at"),
    comment="What was counted and not added up yet.",
)
