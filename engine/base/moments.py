"""Moments that clients send, and ranges between two of them."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.base.client_values import Variable
from engine.base.field_errors import BadArgument

_TICK = datetime.timedelta(microseconds=1)
_BEGINNING = datetime.datetime.min.replace(tzinfo=datetime.UTC) + _TICK
_END = datetime.datetime.max.replace(tzinfo=datetime.UTC) - _TICK
_DAY = datetime.timedelta(days=1)


def finite(moment: datetime.datetime) -> datetime.datetime:
    """The moment; in place of the calendar's first and last one, the next to it. asyncpg takes these two for
    PostgreSQL's infinities, with which it cannot reckon."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)
    if aware < _BEGINNING:
        return moment + _TICK
    return moment - _TICK if aware > _END else moment


def finite_day(day: datetime.date) -> datetime.date:
    """The same for days."""
    return min(max(day, datetime.date.min + _DAY), datetime.date.max - _DAY)


def in_utc(moment: datetime.datetime) -> datetime.datetime:
    """The moment in UTC. A moment without an offset is in UTC already; one beyond the calendar is its end."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=datetime.UTC)
    try:
        return moment.astimezone(datetime.UTC)
    except OverflowError:
        return _BEGINNING if moment.year == 1 else _END


@dataclass(frozen=True)
class EndOf:
    """Marks an argument as the end of the range that begins with another one, of this name."""

    beginning: str


@dataclass(frozen=True)
class Range:
    """The two ends of a range: moments, or the variables that hold them. `end_name`: the argument's."""

    beginning: Any
    end: Any
    end_name: str

    def read(self, variables: Mapping[str, Any]) -> None:
        """Raise BadArgument if the range ends before it begins. Equal ends make an empty range."""
        beginning, end = (
            value.read(variables) if isinstance(value, Variable) else value
            for value in (self.beginning, self.end)
        )
        if beginning is not None and end is not None and in_utc(end) < in_utc(beginning):
            raise BadArgument("The range ends before it begins.", self.end_name)
