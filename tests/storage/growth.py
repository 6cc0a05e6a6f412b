"""Why no table grows for ever by itself: each area has a row for each of its tables in `oracle.py`."""

import enum
from dataclasses import dataclass


class Growth(enum.Enum):
    """What bounds a table."""

    DELETED = "by age: its area has a row in a module `retentions`"
    SWEPT = "workers delete its rows for another reason than their age"
    ONE_EACH = "so many rows for each row of another table"
    FIXED = "by the version or the operator, not by what clients do"
    KEPT = "by nothing, on purpose: people or books go by what it tells"


@dataclass(frozen=True)
class Bound:
    """`why`: of a kept table what is read of it, else by what it is bounded."""

    growth: Growth
    why: str


def kept(why: str) -> Bound:
    """On purpose."""
    return Bound(Growth.KEPT, why)


def one_each(why: str) -> Bound:
    """So many for each row of another table."""
    return Bound(Growth.ONE_EACH, why)


def deleted(why: str) -> Bound:
    """By age."""
    return Bound(Growth.DELETED, why)


OF_NO_AREA = {
    "clock": Bound(Growth.FIXED, "one row"),
    "text_forms": Bound(Growth.FIXED, "one row: the version of ICU"),
    "pgq.pgqueuer": Bound(Growth.SWEPT, "a job is deleted once it is done; held ones wait for the operator"),
    "pgq.pgqueuer_log": deleted("what was done"),
    "pgq.pgqueuer_schedules": Bound(Growth.FIXED, "one row for what is done every minute"),
    "pgq.pgqueuer_statistics": Bound(Growth.FIXED, "empty: the worker gathers none"),
}
"""By the table's name, with its schema where that is not public."""
