"""The fields of updates: a field that is left out stays, null removes the value or is refused."""

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
    """The input field `expectedVersion` of an update."""
    return strawberry.field(description=description)


ACCOUNT_VERSION = "The version of the account that you read, even if it has no such setting yet."
"""Its description where what is updated is kept once for each account."""


def may_stay(description: str) -> Any:
    """An input field of an update. If it is left out, also as a variable, the value stays."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def given(value: T | None) -> T | Unchanged | None:
    """The new value of a field that null can remove."""
    return UNCHANGED if value is strawberry.UNSET else value


def given_value(value: T | None, field: str) -> T | Unchanged:
    """The new value of a field that cannot be null. Raises BAD_USER_INPUT for null."""
    if value is None:
        message = "It cannot be removed. Leave it out to keep it."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return UNCHANGED if value is strawberry.UNSET else value


def converted(value: T | Unchanged, convert: Callable[[T], R]) -> R | Unchanged:
    """The new value in the form that resolvers take, if there is one."""
    return UNCHANGED if value is UNCHANGED else convert(value)


def set_or_none(values: Iterable[T] | None) -> frozenset[T] | None:
    """The values as a set; None stays None."""
    return None if values is None else frozenset(values)
