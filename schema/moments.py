"""The scalars for moments and days, described as the API takes and returns them."""

import dataclasses
import datetime
from collections.abc import Callable
from typing import TypeVar

from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

from engine.base.moments import finite, finite_day

T = TypeVar("T")


def _parsing(scalar: ScalarDefinition, bound: Callable[[T], T]) -> Callable[[object], T]:
    """As the scalar does it, and bounded."""
    parse = scalar.parse_value
    if parse is None:
        raise AssertionError("Strawberry parses moments and days")
    return lambda value: bound(parse(value))


MOMENTS: dict[object, ScalarDefinition] = {
    datetime.datetime: dataclasses.replace(
        DateTimeDefinition,
        parse_value=_parsing(DateTimeDefinition, finite),
        description=(
            "A moment, in ISO 8601 with its offset from UTC: `2030-01-31T12:00:00+01:00`, or `Z` for UTC. "
            "Returned in UTC, with six digits of a second unless these are zeros. Without an offset it is "
            "read as UTC in the arguments of queries, and refused with BAD_USER_INPUT in inputs of mutations."
        ),
    ),
    datetime.date: dataclasses.replace(
        DateDefinition,
        parse_value=_parsing(DateDefinition, finite_day),
        description="A day, in ISO 8601: `2030-01-31`.",
    ),
}
"""In place of Strawberry's own."""
