"""When a server that answers a request of ours wants to be asked again."""

import datetime
from email.utils import parsedate_to_datetime

_LONGEST = 86_400.0


def retry_after(value: str | None) -> float | None:
    """The seconds of a header Retry-After, which may be a date: a day at most, however wrong the other
    server's clock is. None: there is none, or nobody can tell what it means."""
    if value is None:
        return None
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), _LONGEST)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    seconds = (moment - datetime.datetime.now(datetime.UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST)
