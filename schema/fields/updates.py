"""The fields of an update: what is left out stays, null takes away or is refused."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import strawberry

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.unchanged import UNCHANGED, Unchanged

T = TypeVar("T")
R = TypeVar("R")


def expected_version(
    description: str = "The version that you read. If it has changed since, the mutation is refused with "
    "CONFLICT.",
) -> Any:
    """The field that the input of every update has."""
    return strawberry.field(description=description)


ACCOUNT_VERSION = "The version of the account that you read, even if it has no such setting yet."
"""Its description where what is updated is kept once for each account."""


def may_stay(description: str) -> Any:
    """A field of an update. What is left out stays, also where a variable is left out."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def given(value: T | None) -> T | Unchanged | None:
    """What an update says of a value that null takes away."""
    return UNCHANGED if value is strawberry.UNSET else value


def given_value(value: T | None, field: str) -> T | Unchanged:
    """What an update says of a value that nobody can be without. Raises BAD_USER_INPUT for null."""
    if value is None:
        message = "It cannot be removed. Leave it out to keep it."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return UNCHANGED if value is strawberry.UNSET else value


def converted(value: T | Unchanged, convert: Callable[[T], R]) -> R | Unchanged:
    """The same as the resolvers take it, where it is given."""
    return UNCHANGED if value is UNCHANGED else convert(value)


def set_or_none(values: Iterable[T] | None) -> frozenset[T] | None:
    """A list in which order and repetition mean nothing; None stays None."""
    return None if values is None else frozenset(values)
