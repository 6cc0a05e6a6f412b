"""When rights end: nothing is given, made or taken by a right that would outlive it (N3, N19)."""

import datetime

from sqlalchemy import ColumnElement, DateTime, FromClause, cast, func, literal, literal_column

from authz.policy.refusals import Refusal, RefusalCode

FOREVER: ColumnElement[datetime.datetime] = cast(literal_column("'infinity'"), DateTime(timezone=True))
"""The end of what has none."""
ANY_MOMENT: ColumnElement[datetime.datetime] = cast(literal_column("'-infinity'"), DateTime(timezone=True))
"""The end of what others may end at any moment, and what gives nothing on: shares, broken glass."""


def end_of(row: FromClause) -> ColumnElement[datetime.datetime]:
    """When what a row gives ends (`expires_at`)."""
    return func.coalesce(row.c.expires_at, FOREVER)


def end_at(moment: datetime.datetime | None) -> ColumnElement[datetime.datetime]:
    """An end that is known; None: there is none. Raises BAD_USER_INPUT for what clients can write and is
    outside the calendar in UTC."""
    if moment is None:
        return FOREVER
    try:
        moment.astimezone(datetime.UTC)
    except (OverflowError, ValueError) as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Is out of range.", "expiresAt") from error
    return literal(moment, DateTime(timezone=True))


def latest(*ends: ColumnElement[datetime.datetime]) -> ColumnElement[datetime.datetime]:
    """The last of the ends, as `authz.guards.exclusive.End` has it; NULL among them: there is none."""
    last = func.greatest(*(func.coalesce(end, FOREVER) for end in ends))
    return func.nullif(last, FOREVER)
