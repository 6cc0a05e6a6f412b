"""Values that an update leaves out. They stay as they are; null removes a value."""

import enum
from typing import Final, TypeVar

from authz.policy.refusals import Refusal, RefusalCode

T = TypeVar("T")


class Unchanged(enum.Enum):
    """The mark of a value that an update leaves out."""

    UNCHANGED = enum.auto()


UNCHANGED: Final = Unchanged.UNCHANGED
"""The mark's only value."""


def new_value(given: T | Unchanged, current: T) -> T:
    """The value after the update: the given one, or else the current one."""
    return current if given is UNCHANGED else given


def needed_value(given: T | Unchanged, current: T | None, field: str) -> T:
    """The same for a value that must not be missing. Raises BAD_USER_INPUT where an update leaves it out the
    first time."""
    value = new_value(given, current)
    if value is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Required the first time.", field)
    return value
