"""How a value that PostgreSQL answers is shown to a client."""

import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Codec:
    """`python` turns a column's value, never None, into what Strawberry serialises."""

    python: Callable[[Any], Any]


def global_id(prefix: str) -> Codec:
    """A UUID behind the prefix of its kind."""

    def show(value: uuid.UUID) -> str:
        return f"{prefix}_{value}"

    return Codec(show)


def enum_of(members: type[enum.Enum]) -> Codec:
    """Text that holds an enum's value."""
    return Codec(members)


def mask_of(members: type[enum.Enum]) -> Codec:
    """A mask that a client sees as a list: each member's value is the number of its bit."""

    def names(mask: int) -> list[enum.Enum]:
        return [member for member in members if mask >> int(member.value) & 1]

    return Codec(names)
