"""Points in time that clients name."""

import datetime

from sqlalchemy import ColumnElement

from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.ends import end_at, latest
from resolvers.inputs.unchanged import UNCHANGED, Unchanged


def ends_no_later(new: datetime.datetime | None, old: datetime.datetime | None) -> bool:
    """Whether what ended at `old` ends no later at `new`. None: it never ends."""
    return old is None or (new is not None and new <= old)


def check_future(moment: datetime.datetime, field: str) -> None:
    """Raise BAD_USER_INPUT for what has passed, names no zone, or is outside the calendar in UTC."""
    if moment.tzinfo is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must say its offset from UTC.", field)
    try:
        utc = moment.astimezone(datetime.UTC)
    except OverflowError as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Is out of range.", field) from error
    if utc <= datetime.datetime.now(datetime.UTC):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must lie in the future.", field)


def moved_end(
    end: ColumnElement[datetime.datetime], new: datetime.datetime | Unchanged | None
) -> ColumnElement[datetime.datetime]:
    """Until when an update of what has this end gives or takes something (see `authz.guards.exclusive.End`):
    the later one of the end and the new one."""
    return end if new is UNCHANGED else latest(end, end_at(new))
