"""What runs by day, and what by night alone: `HYPOTHESIS_PROFILE=nightly` runs all.

By day the whole suite shall take less than twelve minutes on two cores. What takes long and seldom finds
anything is left to the night. Of a long table some rows are tried by day, always the same ones.
"""

import zlib
from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

from tests.authz.escalation.profiles import BY_NIGHT

T = TypeVar("T")

by_night_alone = pytest.mark.nightly
"""By day the test is not collected."""


def one_in(many: int, rows: Iterable[T], name: Callable[[T], str] = str) -> list[T]:
    """The rows of a table that are tried by day: about one in so many, told by their names, so that a new row
    moves no other one. By night all."""
    return [row for row in rows if BY_NIGHT or zlib.crc32(name(row).encode()) % many == 0]


def without_nightly(items: list[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests of this run, and those that are left to the night."""
    left = [] if BY_NIGHT else [item for item in items if item.get_closest_marker("nightly")]
    return [item for item in items if item not in left], left
