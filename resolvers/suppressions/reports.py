"""What a partner's engine tells of addresses: when something happened to each."""

import datetime
from dataclasses import dataclass
from typing import Generic, TypeVar

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.addresses import Address, AddressFault

T = TypeVar("T")

_SKEW = datetime.timedelta(minutes=5)
"""So far ahead another machine's clock may be."""


@dataclass(frozen=True)
class Report(Generic[T]):
    """What happened to an address. `told`: what it is besides."""

    address: Address
    at: datetime.datetime
    told: T


Reported = Report[T] | AddressFault
"""One of a request, or what is wrong with it."""


def past_moment(moment: datetime.datetime, field: str = "occurredAt") -> datetime.datetime:
    """The moment in UTC. Raises BAD_USER_INPUT for one that has not come, has no UTC offset, or is out of the
    calendar."""
    if moment.tzinfo is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must have an offset from UTC.", field)
    try:
        found = moment.astimezone(datetime.UTC)
        is_to_come = found > datetime.datetime.now(datetime.UTC) + _SKEW
    except OverflowError as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Is out of range.", field) from error
    if is_to_come:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must lie in the past.", field)
    return found
