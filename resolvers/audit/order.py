"""The order of the log, in which it is listed and followed, and the cursors that mark a place in it.

An event's place is the transaction that wrote it and its id. A cursor names this place and nothing else, so
one text serves a list with any filter, in both directions, and everybody who follows the log.
"""

import enum
from typing import Annotated

from sqlalchemy import ColumnElement, FromClause

from engine.declare.arguments import Described
from engine.declare.paging import Order, cursor_of
from models.effects.events import events
from models.effects.log_numbers import first_open_number


class EventOrder(enum.Enum):
    """The order of a list of events."""

    NEWEST_FIRST = "NEWEST_FIRST"
    OLDEST_FIRST = "OLDEST_FIRST"


OrderBy = Annotated[
    EventOrder,
    Described(
        "The order of the list. OLDEST_FIRST is for who follows the log: keep the `cursor` of the last event "
        "and ask later for the events after it. So you miss none and get none twice."
    ),
]

PLACE = ("transaction_id", "id")
"""The columns that an event's place is made of."""
_COLUMNS = tuple(events.c[name] for name in PLACE)

NEWEST_FIRST = Order("events", _COLUMNS, descending=True)
OLDEST_FIRST = Order("events", _COLUMNS)


def order(order_by: EventOrder = EventOrder.NEWEST_FIRST, **_: object) -> Order:
    """The order that a list's arguments choose."""
    return OLDEST_FIRST if order_by is EventOrder.OLDEST_FIRST else NEWEST_FIRST


def cursor(event: FromClause) -> ColumnElement[str]:
    """Where the event stands in the log; opaque. `events(after:)` takes it with any filter and in any account
    above. Subscriptions and webhooks know it, too."""
    return cursor_of(event, OLDEST_FIRST)


def is_settled(event: FromClause) -> ColumnElement[bool]:
    """Whether no event can come to stand before it any more, as none that is shown later."""
    return event.c.transaction_id < first_open_number()
