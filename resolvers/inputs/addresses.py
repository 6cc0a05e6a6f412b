"""Addresses of any channel: an e-mail address, a phone number, or the SHA-256 of one.

Block entries, unsubscribes and bounces go by the digest of the canonical form, whatever it is an address of.
"""

import enum
import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.address_digests import ContactDigest, ContactKey, contact_digest, hash_of_text
from resolvers.inputs.countries import country
from resolvers.inputs.emails import email_address
from resolvers.inputs.phones import CountryMissing, phone_number

MOST_ADDRESSES = 1_000
"""Of one request."""


class AddressRule(enum.Enum):
    """How the canonical form of an address differs from what was given."""

    TRIMMED = "TRIMMED"
    UNICODE_NORMALIZED = "UNICODE_NORMALIZED"
    CASE_FOLDED = "CASE_FOLDED"
    IDNA = "IDNA"
    FORMATTING_REMOVED = "FORMATTING_REMOVED"
    COUNTRY_ADDED = "COUNTRY_ADDED"
    HASH = "HASH"


@dataclass(frozen=True)
class Address:
    """What was given. `original` and `canonical`: None for a hash."""

    hashed: bytes
    digest: ContactDigest
    original: str | None = None
    canonical: str | None = None


@dataclass(frozen=True)
class AddressFault:
    """Why a text is no address. `in_country`: reads a phone number that lacks nothing but its country as one
    of a country; None for other texts."""

    message: str
    in_country: "Callable[[str], Address | AddressFault] | None" = field(default=None, compare=False)


def read_country(text: str | None, field: str) -> str | None:
    """The country whose national numbers are meant. Raises BAD_USER_INPUT."""
    return None if text is None else country(text, field)


def read_addresses(
    key: ContactKey, texts: list[str], country_code: str | None
) -> list[Address | AddressFault]:
    """Each of the texts. Foreign scripts take up to a millisecond each: do not call it in the event loop."""
    return [_read(key, text, country_code) for text in texts]


def check_number_of(texts: list[str], field: str) -> None:
    """Raise BAD_USER_INPUT unless there are 1 to MOST_ADDRESSES."""
    if not 1 <= len(texts) <= MOST_ADDRESSES:
        message = f"Give 1 to {MOST_ADDRESSES:,}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)


def rules_of(text: str, address: Address) -> list[AddressRule]:
    """What was done to the text, in this order."""
    if address.canonical is None:
        return [AddressRule.HASH]
    trimmed = text.strip()
    plain = unicodedata.normalize("NFKC", trimmed)
    found = [AddressRule.TRIMMED] if trimmed != text else []
    if plain != trimmed:
        found.append(AddressRule.UNICODE_NORMALIZED)
    return [*found, *(_of_email(plain, address.canonical) if "@" in plain else _of_number(plain))]


def _of_email(plain: str, canonical: str) -> list[AddressRule]:
    folded = plain.lower()
    found = [AddressRule.CASE_FOLDED] if folded != plain else []
    given, stored = folded.rpartition("@")[2], canonical.rpartition("@")[2]
    return [*found, AddressRule.IDNA] if given != stored else found


def _of_number(plain: str) -> list[AddressRule]:
    digits = plain.removeprefix("+")
    found = [] if digits.isdecimal() else [AddressRule.FORMATTING_REMOVED]
    return found if plain.startswith("+") else [*found, AddressRule.COUNTRY_ADDED]


def _read(key: ContactKey, text: str, country_code: str | None) -> Address | AddressFault:
    if not text.strip():
        return AddressFault("Not an address: it is empty.")
    hashed = hash_of_text(text)
    if hashed is not None:
        return Address(hashed, contact_digest(key, hashed))
    if hash_of_text(text.strip().lower()) is not None:
        return AddressFault("Not an address: a hash is written in lower case, without spaces.")
    try:
        original, canonical = _canonical(text, country_code)
    except CountryMissing as refusal:
        return AddressFault(refusal.message, partial(_read, key, text))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.BAD_USER_INPUT:
            raise
        return AddressFault(refusal.message)
    hashed = hashlib.sha256(canonical.encode()).digest()
    return Address(hashed, contact_digest(key, hashed), original, canonical)


def _canonical(text: str, country_code: str | None) -> tuple[str, str]:
    if "@" in unicodedata.normalize("NFKC", text[:_LOOKED_AT]):
        email = email_address(text)
        return email.original, email.canonical
    number = phone_number(text, country_code)
    return number.original, number.canonical


_LOOKED_AT = 1_000
"""Longer texts are no address, whatever they hold."""
