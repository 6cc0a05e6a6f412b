"""Points in time from clients."""

import datetime

from sqlalchemy import ColumnElement

from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.ends import end_at, latest
from resolvers.inputs.unchanged import UNCHANGED, Unchanged


def ends_no_later(new: datetime.datetime | None, old: datetime.datetime | None) -> bool:
    """Whether the new end is no later than the old one. None: never."""
    return old is None or (new is not None and new <= old)


def check_future(moment: datetime.datetime, field: str) -> None:
    """Raise BAD_USER_INPUT for a moment that has passed, has no UTC offset, or is out of the calendar in
    UTC."""
    if moment.tzinfo is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must have an offset from UTC.", field)
    try:
        utc = moment.astimezone(datetime.UTC)
    except OverflowError as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Is out of range.", field) from error
    if utc <= datetime.datetime.now(datetime.UTC):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must lie in the future.", field)


def moved_end(
    end: ColumnElement[datetime.datetime], new: datetime.datetime | Unchanged | None
) -> ColumnElement[datetime.datetime]:
    """Until when an update that moves an end gives or takes something: the later one of the old and the new
    end (see `authz.guards.exclusive.End`)."""
    return end if new is UNCHANGED else latest(end, end_at(new))
