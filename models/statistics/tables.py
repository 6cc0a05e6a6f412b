"""Numbers of what became of messages (R35, R57, R58, R84). Tables of the data plane, but for one.

Each transaction that counts writes rows of `statistic_deltas`, so that no two of them wait for each other. A
job adds these rows up into `statistics` and `recipient_statistics`, and deletes them.
"""

import enum
import uuid
from collections.abc import Sequence

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, Table, Text, Uuid, text

from models.accounts.tables import one_of
from models.base.columns import Column, created_at, moment
from models.base.planes import control_table, data_table
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream


class StatisticKind(enum.Enum):
    """What is counted. SENT counts messages as the gate lets them pass, with the sends that they are and what
    they cost. SENT_TO counts those of a campaign once more by their recipients, who are looked up later than
    the campaign starts. REVENUE counts orders that clients report, with their amounts."""

    SENT = "SENT"
    SENT_TO = "SENT_TO"
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
    Column("sends", BigInteger, nullable=False, comment="That the messages count as: the parts of SMS."),
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


class StatisticPeriod(enum.Enum):
    """What rows of `statistics` are for. The hours are those of UTC. Days and months are those of the
    account's time zone, as it was when the row's numbers were added up."""

    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"


NO_ID = uuid.UUID(int=0)
"""Of what has none: a key may hold no NULL."""

NO_LABEL = ""

OTHER_RECIPIENTS = "*"
"""The domains of a day that are beyond the most that have a row of their own."""

NUMBERS = (
    "sent",
    "sends",
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
    "orders",
    "cost",
    "revenue",
)
"""What is added up. The last two are in micro-units of the currency."""

NUMBERS_OF_RECIPIENTS = NUMBERS[: NUMBERS.index("orders")]


def _numbers(names: Sequence[str]) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False) for name in names]


def _sums_by_sender(name: str, comment: str) -> Table:
    return data_table(
        name,
        Column("period", Text, nullable=False),
        moment("starts_at", nullable=False),
        Column("channel", Text, nullable=False),
        Column("stream", Text, nullable=False),
        Column("api_key_id", Uuid, nullable=False, comment="The key that sent. Only zeros: none did."),
        Column("campaign_id", Uuid, nullable=False, comment="Only zeros: of no campaign."),
        Column("label", Text, nullable=False, comment="In the form that is compared. Empty: none."),
        *_numbers(NUMBERS),
        one_of("period", StatisticPeriod),
        one_of("channel", MessageChannel),
        one_of("stream", SendStream),
        Index(f"ix_{name}_starts_at", "starts_at", postgresql_where=text("period = 'HOUR'")),
        key=("period", "starts_at", "channel", "stream", "api_key_id", "campaign_id", "label"),
        comment=comment,
    )


statistics = _sums_by_sender(
    "statistics",
    "What became of messages. A day and a month start at midnight of their own date, read as UTC.",
)

subtree_statistics = _sums_by_sender(
    "subtree_statistics",
    "The same of all accounts below an account together, without its own.",
)

recipient_statistics = data_table(
    "recipient_statistics",
    moment("starts_at", nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipients", Text, nullable=False, comment="Their domain or country. An asterisk: others."),
    *_numbers(NUMBERS_OF_RECIPIENTS),
    one_of("channel", MessageChannel),
    key=("starts_at", "channel", "recipients"),
    comment="The same by day and recipients, where these are known. Days as in statistics.",
)

statistics_due = control_table(
    "statistics_due",
    Column("master_id", Uuid, primary_key=True),
    comment="Trees with something to add up. Whoever counts there locks the row, and a job deletes it.",
)
