"""Dates and times in an account's time zone."""

import datetime
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.settings.values import QuietHours

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)
_MINUTE = datetime.timedelta(minutes=1)
_DAY = datetime.timedelta(days=1)


def zone_of(time_zone: str) -> ZoneInfo:
    """The zone. Raises BAD_USER_INPUT for one that only the database knows."""
    try:
        return ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = "The server does not know the account's time zone."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "startsAt") from error


def read_local(text: str, field: str) -> datetime.datetime:
    """A date and time without a zone: `2026-03-29T02:30`. Raises BAD_USER_INPUT."""
    try:
        if _FORM.fullmatch(text):
            return datetime.datetime.fromisoformat(text)
    except ValueError:
        pass
    raise Refusal(RefusalCode.BAD_USER_INPUT, "Must be a date and time, such as 2026-03-29T09:30.", field)


def moment_of(local: datetime.datetime, zone: ZoneInfo) -> datetime.datetime:
    """When clocks in the zone show this. Of a time that comes twice the first moment; of one that clocks skip
    the next moment that there is."""
    while True:
        moment = local.replace(tzinfo=zone, fold=0).astimezone(datetime.UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == local:
            return moment
        local += _MINUTE


def quiet_span(
    hours: QuietHours, zone: ZoneInfo, at: datetime.datetime
) -> tuple[datetime.datetime, datetime.datetime]:
    """From when until when the quiet hours last that are at this moment, or come next."""
    start, end = (datetime.time.fromisoformat(text) for text in (hours.start, hours.end))
    day = at.astimezone(zone).date() - _DAY
    while True:
        last = day if start < end else day + _DAY
        begins = moment_of(datetime.datetime.combine(day, start), zone)
        ends = moment_of(datetime.datetime.combine(last, end), zone)
        if at < ends and begins < ends:
            return begins, ends
        day += _DAY
