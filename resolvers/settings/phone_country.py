"""The account's default country, for phone numbers that are given without one (T26)."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select

from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import Place, this_account
from resolvers.inputs.addresses import Address, AddressFault
from resolvers.settings.effective import default_country_of

T = TypeVar("T")


async def default_country(session: WriteSession, account: Place) -> str | None:
    """The setting that is in force: two letters of ISO 3166-1; None if nobody has set it."""
    statement = select(default_country_of(accounts)).where(this_account(accounts, account))
    found: str | None = (await session.execute(statement)).scalar_one()
    return found


async def in_default_country(
    session: WriteSession, account: Place, given: Sequence[T]
) -> list[T | Address | AddressFault]:
    """What was given, with phone numbers that lack a country read as numbers of the default country. The
    setting is looked up only if there are any."""
    if not lacks_country(given):
        return list(given)
    country = await default_country(session, account)
    return list(given) if country is None else await asyncio.to_thread(read_again, given, country)


def lacks_country(given: Sequence[object]) -> bool:
    """Whether a phone number among them lacks its country."""
    return any(isinstance(each, AddressFault) and each.in_country is not None for each in given)


def read_again(given: Sequence[T], country: str) -> list[T | Address | AddressFault]:
    """The same with numbers that lack a country read as numbers of this one. Many take their time."""
    return [
        each.in_country(country) if isinstance(each, AddressFault) and each.in_country is not None else each
        for each in given
    ]
