"""E-mail addresses: canonicalised here alone, for writes and look-ups (T24). The original is stored too.

Two addresses are the same person's if they are equal after trimming, Unicode normalisation (NFKC: full-width
forms become plain), lower case and IDNA for the domain. Tags and dots stay: nothing is merged by provider.
"""

import re
import unicodedata
from dataclasses import dataclass

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from authz.policy.refusals import Refusal, RefusalCode

_LONGEST = 254
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[a-z]{{2,63}}", re.ASCII)
_RESERVED = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)


@dataclass(frozen=True)
class EmailAddress:
    """An address as it was typed, and as it is compared."""

    original: str
    canonical: str


def email_address(text: str, field: str = "email") -> EmailAddress:
    """The address. Raises BAD_USER_INPUT for text that is no address."""
    original = text.strip()
    if len(original) > _LONGEST:
        message = f"Not an e-mail address: it has more than {_LONGEST} characters."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return EmailAddress(original, plain_canonical(original) or _canonical(original, field))


def plain_canonical(text: str) -> str | None:
    """The canonical form of a common ASCII address, as the library returns it and twenty times as fast. None:
    the library has to look."""
    if len(text) > _LONGEST or not text.isascii():
        return None
    address = text.lower()
    if _PLAIN.fullmatch(address) is None or "--" in address or address.endswith(_RESERVED):
        return None
    return address


def _canonical(original: str, field: str) -> str:
    canonical = _normalised(original, field)
    # Of one letter NFKC may make what no address has: a second @, a quotation mark, a whole phrase.
    if not original.isascii() and _normalised(canonical, field) != canonical:
        message = "Not an e-mail address: its letters stand for others."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return canonical


def _normalised(text: str, field: str) -> str:
    try:
        parts = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Not an e-mail address: {error}", field) from error
    local_part = unicodedata.normalize("NFKC", parts.local_part).lower()
    return f"{local_part}@{(parts.ascii_domain or parts.domain).lower()}"
