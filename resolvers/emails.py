"""E-mail addresses: canonicalised in one place, on write and on look-up (T24). The original is kept.

Two addresses are the same person's if they are equal after trimming, Unicode normalisation (NFKC: full-width
forms become plain), lower case and IDNA for the domain. Tags and dots are left alone: there is no merging by
provider.
"""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from authz.refusals import Refusal, RefusalCode


@dataclass(frozen=True)
class EmailAddress:
    """An address as it was written, and as it is compared."""

    original: str
    canonical: str


def email_address(text: str, field: str = "email") -> EmailAddress:
    """The address. Raises Refusal with BAD_USER_INPUT where it is none."""
    original = text.strip()
    try:
        parts = validate_email(original, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Not an e-mail address: {error}", field) from error
    local_part = unicodedata.normalize("NFKC", parts.local_part).lower()
    return EmailAddress(original, f"{local_part}@{(parts.ascii_domain or parts.domain).lower()}")
