"""Places in the log, as webhooks remember them."""

import uuid

from sqlalchemy import ColumnElement, Uuid, literal, select

from resolvers.audit.order import cursor

_LAST = uuid.UUID(int=2**128 - 1)


def cursor_before(number: ColumnElement[int]) -> ColumnElement[str]:
    """The cursor behind all events of transactions with smaller numbers, and before those of this one."""
    place = select((number - 1).label("transaction_id"), literal(_LAST, Uuid).label("id")).subquery("place")
    return select(cursor(place)).scalar_subquery()
