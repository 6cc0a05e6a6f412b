"""What a partner's engine tells of addresses: when something happened to each."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place
from resolvers.inputs.addresses import Address, AddressFault
from resolvers.settings.phone_country import in_default_country

T = TypeVar("T")

CLOCKS_DIFFER = datetime.timedelta(minutes=5)
"""So far ahead of ours, or behind, another machine's clock may be."""

CLOCK_MINUTES = CLOCKS_DIFFER // datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class GivenReport(Generic[T]):
    """What happened to an address, as a client gives it. `told`: what it is besides."""

    address: Address | AddressFault
    at: datetime.datetime
    told: T


@dataclass(frozen=True)
class Report(Generic[T]):
    """The same once it is read."""

    address: Address
    at: datetime.datetime
    told: T


Reported = Report[T] | AddressFault
"""One of a request, or what is wrong with it."""


async def read_reports(
    session: WriteSession, account: Place, given: Sequence[GivenReport[T]]
) -> list[Reported[T]]:
    """The reports. Phone numbers without a country are of the account's default country."""
    addresses = await in_default_country(session, account, [each.address for each in given])
    return [_read(*each) for each in zip(given, addresses, strict=True)]


def _read(given: GivenReport[T], address: Address | AddressFault) -> Reported[T]:
    if isinstance(address, AddressFault):
        return address
    try:
        return Report(address, past_moment(given.at), given.told)
    except Refusal as refusal:
        return AddressFault(f"occurredAt: {refusal.message}")


def past_moment(
    moment: datetime.datetime, field: str = "occurredAt", now: datetime.datetime | None = None
) -> datetime.datetime:
    """The moment in UTC. Raises BAD_USER_INPUT for one that has not come, has no UTC offset, or is out of the
    calendar. `now`: for a caller that reads many."""
    if moment.tzinfo is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must have an offset from UTC.", field)
    try:
        found = moment.astimezone(datetime.UTC)
        is_to_come = found > (now or datetime.datetime.now(datetime.UTC)) + CLOCKS_DIFFER
    except OverflowError as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Is out of range.", field) from error
    if is_to_come:
        message = f"Must lie in the past: clocks may differ by {CLOCK_MINUTES} minutes."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return found
