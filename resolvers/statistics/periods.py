"""Which rows of the sums make up a period: the largest that fit, so that a year is 12 rows and not 365."""

import datetime
import enum
from collections.abc import Iterator
from dataclasses import dataclass

from authz.policy.refusals import Refusal, RefusalCode
from models.statistics.tables import StatisticPeriod

LONGEST_DAYS = 1_830
"""The longest period: five years."""

_YEARS = range(2000, 2101)
_DAY = datetime.timedelta(days=1)


class StatisticInterval(enum.Enum):
    """How finely a period is divided."""

    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"


@dataclass(frozen=True)
class Days:
    """The days from `since` to `until`, which is not one of them."""

    since: datetime.date
    until: datetime.date

    def before(self) -> "Days":
        """The period before, of the same length: in months where whole months are meant, else in days."""
        if self.since.day == self.until.day == 1:
            months = _months(self.until) - _months(self.since)
            return Days(_first_of(_months(self.since) - months), self.since)
        return Days(self.since - (self.until - self.since), self.since)


@dataclass(frozen=True)
class Rows:
    """Rows of one length whose period starts within these bounds, `ends_at` not among them."""

    period: StatisticPeriod
    starts_at: datetime.datetime
    ends_at: datetime.datetime


def days_of(since: datetime.date, until: datetime.date) -> Days:
    """The period that a client asks for. Raises BAD_USER_INPUT."""
    if since.year not in _YEARS:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must lie in the years 2000 to 2100.", "since")
    if not since <= until <= since + LONGEST_DAYS * _DAY:
        message = f"Must not come before `since`, nor more than {LONGEST_DAYS:,} days after it."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "until")
    return Days(since, until)


def rows_of(days: Days, interval: StatisticInterval | None) -> Iterator[Rows]:
    """The rows that make it up, each once."""
    if interval is StatisticInterval.HOUR:
        yield _rows(StatisticPeriod.HOUR, days.since, days.until)
        return
    first = _first_of(_months(days.since - _DAY) + 1)
    last = days.until.replace(day=1)
    if interval is StatisticInterval.DAY or first >= last:
        yield _rows(StatisticPeriod.DAY, days.since, days.until)
        return
    for period, since, until in (
        (StatisticPeriod.DAY, days.since, first),
        (StatisticPeriod.MONTH, first, last),
        (StatisticPeriod.DAY, last, days.until),
    ):
        if since < until:
            yield _rows(period, since, until)


def _rows(period: StatisticPeriod, since: datetime.date, until: datetime.date) -> Rows:
    return Rows(period, _midnight(since), _midnight(until))


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


def _months(day: datetime.date) -> int:
    return day.year * 12 + day.month - 1


def _first_of(months: int) -> datetime.date:
    return datetime.date(months // 12, months % 12 + 1, 1)
