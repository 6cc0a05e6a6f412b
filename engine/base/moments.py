"""Moments that clients send, and ranges between two of them."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.base.client_values import Variable
from engine.base.field_errors import BadArgument

_BEGINNING = datetime.datetime.min.replace(tzinfo=datetime.UTC)
_END = datetime.datetime.max.replace(tzinfo=datetime.UTC)


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
