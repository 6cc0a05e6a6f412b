"""Whose national phone numbers are meant."""

from collections.abc import Iterable

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place
from resolvers.contacts.given import GivenContact
from resolvers.inputs.countries import country
from resolvers.settings.phone_country import default_country

_INTERNATIONAL = ("+", "\uff0b")


async def phone_country(session: WriteSession, account: Place, given: str | None) -> str | None:
    """The country that the client gave, or else the account's default country (ISO 3166-1); None: neither.
    Raises BAD_USER_INPUT for what is no country."""
    if given is not None:
        return country(given, "phoneCountry")
    return await default_country(session, account)


async def phone_country_of(
    session: WriteSession, account: Place, given: str | None, contacts: Iterable[GivenContact]
) -> str | None:
    """The same, looked up only if one of the contacts needs it."""
    if given is None and not any(_is_national(contact.phone) for contact in contacts):
        return None
    return await phone_country(session, account, given)


def _is_national(phone: object) -> bool:
    return isinstance(phone, str) and not phone.lstrip().startswith(_INTERNATIONAL)
