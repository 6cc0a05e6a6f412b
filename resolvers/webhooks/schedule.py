"""When a delivery is tried again, and when a webhook rests or is paused.

The pauses are those that Standard Webhooks names: ten tries over three days, of each delivery for itself,
however many others fail. Each is drawn a little longer or shorter, so that what failed together does not come
back together.
"""

import datetime
import random

_PAUSES = (
    datetime.timedelta(seconds=5),
    datetime.timedelta(minutes=5),
    datetime.timedelta(minutes=30),
    datetime.timedelta(hours=2),
    datetime.timedelta(hours=5),
    datetime.timedelta(hours=10),
    datetime.timedelta(hours=14),
    datetime.timedelta(hours=20),
    datetime.timedelta(hours=24),
)
MOST_TRIES = len(_PAUSES) + 1
"""Of one delivery. After the last one it has failed."""

PATIENCE = datetime.timedelta(days=3)
LEAST_FAILURES = 5
"""A webhook that took no event for so long, in so many rounds, is paused. One failed event of last week is
not enough."""

FAILURE_TOLD_EVERY = datetime.timedelta(days=1)
"""Of a webhook, one delivery that has failed is told in so long, however many there are."""

_LONGEST_REST = 300


def pause_after(failures: int) -> datetime.timedelta | None:
    """How long a delivery waits after so many failed tries. None: it is not tried again."""
    if failures >= MOST_TRIES:
        return None
    return _PAUSES[failures - 1] * random.uniform(0.95, 1.05)  # noqa: S311 - nothing is kept secret by it


def rest_after(failures: int) -> datetime.timedelta:
    """How long nothing is read for a webhook after so many rounds in a row in which it took nothing, the last
    one because its document could not be read. Others read from the same database."""
    return datetime.timedelta(seconds=min(2 ** min(failures, 20), _LONGEST_REST))
