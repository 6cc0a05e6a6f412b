"""Phone numbers in canonical form, E.164, for storage and look-ups (T26). The original is stored too."""

import unicodedata
from dataclasses import dataclass

import phonenumbers

from authz.policy.refusals import Refusal, RefusalCode

_LONGEST = 50
_NO_COUNTRY = "Not a phone number: it has no country. Begin it with + and the country's code."
"""It names no argument: some fields take a country beside the number, and others do not."""
_NOT_OF_A_FILTER = (
    "Not a phone number: it has no country. Begin it with + and the country's code: a filter does not know "
    "the account's default country."
)


class CountryMissing(Refusal):
    """It may be a number of some country, but nobody has said of which."""


@dataclass(frozen=True)
class PhoneNumber:
    """A number as it was typed, and as it is compared."""

    original: str
    canonical: str


def phone_number(text: str, country: str | None, field: str = "phone") -> PhoneNumber:
    """The number. `country`: whose national numbers are meant where none begins with `+` (ISO 3166-1); None:
    there must be a `+`.

    Raises BAD_USER_INPUT for text that is no number; as CountryMissing if it lacks its country. Text with
    letters is none: the name of a sender is not spelled on a keypad. Nor is a number with an extension, which
    no message reaches.
    """
    original = text.strip()
    if len(original) > _LONGEST:
        raise _refused(f"it has more than {_LONGEST} characters", field)
    plain = unicodedata.normalize("NFKC", original)
    if any(character.isalpha() for character in plain):
        raise _refused("it has letters", field)
    try:
        found = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            if country is None and "+" not in plain:
                raise CountryMissing(RefusalCode.BAD_USER_INPUT, _NO_COUNTRY, field) from error
            raise _refused("no country has the code that it begins with", field) from error
        raise _refused("its digits are none of a phone number", field) from error
    if found.extension is not None:
        raise _refused("messages do not reach an extension", field)
    # A number without its area code is possible too, but nobody knows whose it is.
    if phonenumbers.is_possible_number_with_reason(found) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise _refused("it has too few or too many digits for its country", field)
    canonical = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    return PhoneNumber(original, canonical)


def number_of_filter(text: str, argument: str) -> str:
    """The canonical form of a number that rows are filtered by. Raises BAD_USER_INPUT."""
    try:
        return phone_number(text, None, argument).canonical
    except CountryMissing as refusal:
        raise Refusal(RefusalCode.BAD_USER_INPUT, _NOT_OF_A_FILTER, argument) from refusal


def country_of(canonical: str) -> str | None:
    """The country of a number in canonical form (ISO 3166-1). None: it is of none, or of several."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(canonical, None))


def _refused(why: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, f"Not a phone number: {why}.", field)
