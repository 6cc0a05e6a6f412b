"""What statistics are asked for."""

import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Text, Uuid, column, literal

from engine.declare.paging import Order
from models.base.ids import AccountId
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.statistics.tables import recipient_statistics, statistics
from resolvers.statistics.periods import Days, StatisticInterval

STARTS = "starts"
"""The column for a row's interval: when it starts, in seconds since 1970."""


class StatisticDimension(enum.Enum):
    """What statistics can be divided by."""

    ACCOUNT = "ACCOUNT"
    LABEL = "LABEL"
    CAMPAIGN = "CAMPAIGN"
    STREAM = "STREAM"
    CHANNEL = "CHANNEL"
    API_KEY = "API_KEY"


_COLUMNS = {
    StatisticDimension.ACCOUNT: "account_id",
    StatisticDimension.LABEL: "label",
    StatisticDimension.CAMPAIGN: "campaign_id",
    StatisticDimension.STREAM: "stream",
    StatisticDimension.CHANNEL: "channel",
    StatisticDimension.API_KEY: "api_key_id",
}


@dataclass(frozen=True)
class Whole:
    """Accounts of a tree together, as whole parts of it: those with what is below `added`, without those with
    what is below `taken_away`."""

    added: Sequence[AccountId]
    taken_away: Sequence[AccountId]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Of which messages. None: of all. `label`: in the form that is compared."""

    label: str | None = None
    campaign_id: uuid.UUID | None = None
    stream: SendStream | None = None
    channel: MessageChannel | None = None

    def of(self, rows: FromClause) -> list[ColumnElement[bool]]:
        """As conditions."""
        found: list[ColumnElement[bool]] = []
        if self.label is not None:
            found.append(rows.c.label == literal(self.label, Text))
        if self.campaign_id is not None:
            found.append(rows.c.campaign_id == literal(self.campaign_id, Uuid))
        for name, value in (("stream", self.stream), ("channel", self.channel)):
            if value is not None:
                found.append(rows.c[name] == literal(value.value, Text))
        return found


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`with_previous`: with the statistics of the period before."""

    days: Days
    by: Sequence[StatisticDimension] = ()
    interval: StatisticInterval | None = None
    filters: Filters = Filters()
    with_previous: bool = False

    @property
    def names(self) -> list[str]:
        """The columns that rows are divided by, besides the interval."""
        return [name for dimension, name in _COLUMNS.items() if dimension in self.by]

    @property
    def order(self) -> Order:
        """Of the rows: by the interval, then by what they are divided by."""
        keys: list[ColumnElement[Any]] = [statistics.c[name] for name in self.names]
        if self.interval is not None:
            keys = [column(STARTS, BigInteger), *keys]
        return Order(" ".join(["statistics", *(str(key.key) for key in keys)]), tuple(keys))


@dataclass(frozen=True, kw_only=True)
class RecipientsAsked:
    """Statistics by domain or country. `recipients`: of this one alone. `interval`: day or month.
    `with_previous`: with the numbers of the period before."""

    days: Days
    channel: MessageChannel | None = None
    recipients: str | None = None
    interval: StatisticInterval | None = None
    with_previous: bool = False

    @property
    def order(self) -> Order:
        """Of the rows: the last interval first, then most messages first."""
        row = recipient_statistics.c
        keys: list[ColumnElement[Any]] = [row.sent, row.channel, row.recipients]
        if self.interval is not None:
            keys = [column(STARTS, BigInteger), *keys]
        names = ["recipientStatistics", *(str(key.key) for key in keys)]
        return Order(" ".join(names), tuple(keys), descending=True)

    def of(self, rows: FromClause) -> list[ColumnElement[bool]]:
        """What is asked for, as conditions."""
        found = Filters(channel=self.channel).of(rows)
        if self.recipients is not None:
            found.append(rows.c.recipients == literal(_as_counted(self.recipients), Text))
        return found


def _as_counted(recipients: str) -> str:
    """A country has two large letters, a domain small ones and a dot."""
    return recipients.upper() if len(recipients) == len("SE") else recipients.lower()
