"""Values that an update leaves out. They stay as they are; null removes a value."""

import enum
from typing import Final, TypeVar

T = TypeVar("T")


class Unchanged(enum.Enum):
    """The mark of a value that an update leaves out."""

    UNCHANGED = enum.auto()


UNCHANGED: Final = Unchanged.UNCHANGED
"""The mark's only value."""


def new_value(given: T | Unchanged, current: T) -> T:
    """The value after the update: the given one, or else the current one."""
    return current if given is UNCHANGED else given
