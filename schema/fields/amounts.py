"""The scalar for amounts of money."""

import re
from typing import NewType

import strawberry
from graphql import GraphQLError
from sqlalchemy import Text, cast

from engine.declare.codecs import Codec

MicroAmount = NewType("MicroAmount", int)

_DIGITS = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
_LARGEST_NUMBER = 2**53 - 1
_LARGEST = 2**63 - 1


def _parsed(value: object) -> MicroAmount:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        amount = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > _LARGEST_NUMBER:
            raise GraphQLError("MicroAmount: beyond 2^53 it must be sent as a string.")
        amount = value
    else:
        raise GraphQLError("MicroAmount: must be a whole number of micro-units, as a number or a string.")
    if abs(amount) > _LARGEST:
        raise GraphQLError("MicroAmount: beyond 64 bits.")
    return MicroAmount(amount)


SCALAR = strawberry.scalar(
    name="MicroAmount",
    description=(
        'An amount of money in millionths of the account\'s currency unit: "1500000" is 1.50 EUR. Returned '
        "as a string of digits, because not every client supports whole numbers beyond 2^53. Accepted as "
        "such a string, or as a whole number up to 2^53; fractions and exponents are not valid."
    ),
    serialize=str,
    parse_value=_parsed,
)

AMOUNT = Codec(MicroAmount, lambda column: ['"', cast(column, Text), '"'])
"""For columns of micro-units."""
