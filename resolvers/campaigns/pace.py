"""How many messages of a campaign are written now, and when each of them is due."""

import datetime
from dataclasses import dataclass

MOST_IN_A_SLICE = 10_000
"""Messages that are written by one transaction."""

AHEAD = datetime.timedelta(minutes=5)
"""So far ahead messages are written where their number an hour is bounded. Whoever unsubscribes before gets
none."""

_HOUR = datetime.timedelta(hours=1)

Span = tuple[datetime.datetime, datetime.datetime]


@dataclass(frozen=True)
class Slice:
    """At most `most` messages: one due at `first`, each other `step` after the one before it."""

    first: datetime.datetime
    step: datetime.timedelta
    most: int

    def due(self, number: int) -> datetime.datetime:
        """When a message of it is due, from 0."""
        return self.first + self.step * number


@dataclass(frozen=True)
class Pause:
    """Nothing is written now. `until`: when to look again."""

    until: datetime.datetime


def next_slice(
    next_at: datetime.datetime, per_hour: int | None, quiet: Span | None, now: datetime.datetime
) -> Slice | Pause:
    """`next_at`: when the next message may be due. `quiet`: the quiet hours of now, or those that come
    next."""
    first = max(next_at, now)
    if quiet is not None and quiet[0] <= first:
        first = max(first, quiet[1])
    if first > now + AHEAD:
        return Pause(first - AHEAD)
    if per_hour is None:
        return Slice(first, datetime.timedelta(0), MOST_IN_A_SLICE)
    step, end = _HOUR / per_hour, now + AHEAD
    if quiet is not None and first < quiet[0]:
        end = min(end, quiet[0])
    return Slice(first, step, min(MOST_IN_A_SLICE, max(1, -((first - end) // step))))
