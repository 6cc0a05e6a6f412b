"""Addresses in inputs and arguments."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from graphql import GraphQLError

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.address_digests import KeySource
from resolvers.inputs.addresses import (
    Address,
    AddressFault,
    check_number_of,
    read_addresses,
    read_country,
)
from resolvers.settings.phone_country import lacks_country, read_again

PHONE_COUNTRY = (
    "The country whose national phone numbers are meant, as two letters (ISO 3166-1). Without it, the "
    "account's setting `defaultCountry` says which. Where neither does, phone numbers begin with `+`."
)


async def read_given(
    key: KeySource, texts: list[str], country: str | None, field: str = "addresses"
) -> list[Address | AddressFault]:
    """Read them in a thread, so that other requests are served meanwhile and no transaction waits. Raises
    BAD_USER_INPUT for too many, none, or no country, and SENDS_UNAVAILABLE."""
    check_number_of(texts, field)
    return await asyncio.to_thread(read_addresses, key(), texts, read_country(country, "phoneCountry"))


async def read_of_account(
    key: KeySource, texts: list[str], country: str | None, default_country: str | None
) -> list[Address | AddressFault]:
    """The same for a query, which knows the account's default country."""
    found = await read_given(key, texts, country)
    if default_country is None or not lacks_country(found):
        return found
    return await asyncio.to_thread(read_again, found, default_country)


async def read_one(
    key: KeySource, text: str, country: str | None, default_country: str | None = None
) -> Address:
    """The same for one, in the field `address`. Also raises BAD_USER_INPUT for what is no address."""
    (found,) = await read_of_account(key, [text], country, default_country)
    if isinstance(found, AddressFault):
        raise Refusal(RefusalCode.BAD_USER_INPUT, found.message, "address")
    return found


@contextmanager
def in_a_query() -> Iterator[None]:
    """What is refused inside becomes an error beside the null, with the argument at fault."""
    try:
        yield
    except Refusal as refusal:
        named = {} if refusal.field is None else {"argument": refusal.field}
        raise GraphQLError(refusal.message, extensions={"code": refusal.code.name} | named) from refusal
