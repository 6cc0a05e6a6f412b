"""When rights end: nobody gives, makes or takes what would outlive the right to do so (N3, N19)."""

import datetime

from sqlalchemy import ColumnElement, DateTime, FromClause, cast, func, literal, literal_column

from authz.policy.refusals import Refusal, RefusalCode

FOREVER: ColumnElement[datetime.datetime] = cast(literal_column("'infinity'"), DateTime(timezone=True))
"""The end of what does not end."""
ANY_MOMENT: ColumnElement[datetime.datetime] = cast(literal_column("'-infinity'"), DateTime(timezone=True))
"""The end of what others may end at any moment, and whose rights are not passed on: shares, break-glass."""


def end_of(row: FromClause) -> ColumnElement[datetime.datetime]:
    """The end of what a row gives (`expires_at`)."""
    return func.coalesce(row.c.expires_at, FOREVER)


def end_at(moment: datetime.datetime | None) -> ColumnElement[datetime.datetime]:
    """This end; None: it does not end. Raises BAD_USER_INPUT for a moment that UTC's calendar does not
    have."""
    if moment is None:
        return FOREVER
    try:
        moment.astimezone(datetime.UTC)
    except (OverflowError, ValueError) as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The moment is out of range.", "expiresAt") from error
    return literal(moment, DateTime(timezone=True))


def latest(*ends: ColumnElement[datetime.datetime]) -> ColumnElement[datetime.datetime]:
    """The last of the ends, as an `authz.guards.exclusive.End`. A NULL among them means: no end."""
    last = func.greatest(*(func.coalesce(end, FOREVER) for end in ends))
    return func.nullif(last, FOREVER)
