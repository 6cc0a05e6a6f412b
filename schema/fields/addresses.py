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

PHONE_COUNTRY = (
    "The country whose national phone numbers are meant, as two letters (ISO 3166-1). Without it, phone "
    "numbers begin with `+`."
)


async def read_given(
    key: KeySource, texts: list[str], country: str | None, field: str = "addresses"
) -> list[Address | AddressFault]:
    """Read them in a thread, so that other requests are served meanwhile and no transaction waits. Raises
    BAD_USER_INPUT for too many, none, or no country, and SENDS_UNAVAILABLE."""
    check_number_of(texts, field)
    return await asyncio.to_thread(read_addresses, key(), texts, read_country(country, "phoneCountry"))


async def read_one(key: KeySource, text: str, country: str | None) -> Address:
    """The same for one, in the field `address`. Also raises BAD_USER_INPUT for what is no address."""
    (found,) = await read_given(key, [text], country)
    if isinstance(found, AddressFault):
        raise Refusal(RefusalCode.BAD_USER_INPUT, found.message, "address")
    return found


@contextmanager
def in_a_query() -> Iterator[None]:
    """What is refused inside becomes an error beside the null."""
    try:
        yield
    except Refusal as refusal:
        raise GraphQLError(refusal.message, extensions={"code": refusal.code.name}) from refusal
