"""The scalars for moments and days, described as the API takes and returns them."""

import dataclasses
import datetime

from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

MOMENTS: dict[object, ScalarDefinition] = {
    datetime.datetime: dataclasses.replace(
        DateTimeDefinition,
        description=(
            "A moment, in ISO 8601 with its offset from UTC: `2030-01-31T12:00:00+01:00`, or `Z` for UTC. "
            "Returned in UTC, with six digits of a second unless these are zeros. Without an offset it is "
            "read as UTC in the arguments of queries, and refused with BAD_USER_INPUT in inputs of mutations."
        ),
    ),
    datetime.date: dataclasses.replace(DateDefinition, description="A day, in ISO 8601: `2030-01-31`."),
}
"""In place of Strawberry's own."""
