"""What an update leaves out: it stays as it is, unlike null, which takes away."""

import enum
from typing import Final, TypeVar

T = TypeVar("T")


class Unchanged(enum.Enum):
    """The mark of a value that an update leaves out."""

    UNCHANGED = enum.auto()


UNCHANGED: Final = Unchanged.UNCHANGED
"""The same, shorter."""


def new_value(given: T | Unchanged, current: T) -> T:
    """What holds after the update: what is given, or else the current value."""
    return current if given is UNCHANGED else given
