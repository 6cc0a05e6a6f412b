"""Secrets that clients carry: how they are made, checked and digested.

    <prefix>_<27 base62 digits: 160 random bits><6 base62 digits: CRC32 of all before>

The checksum lets the server refuse a mistyped or invented secret without asking the database. Only the
SHA-256 digest is stored: the secrets are random, so a slow hash would add nothing.
"""

import enum
import hashlib
import secrets
import zlib
from typing import NewType

Digest = NewType("Digest", bytes)

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_RANDOM_LENGTH = 27
_CHECKSUM_LENGTH = 6


class TokenKind(enum.StrEnum):
    """What a secret opens: its prefix."""

    API_KEY = "mdt_live"
    TEST_API_KEY = "mdt_test"
    SESSION = "mds"
    NARROWED = "mdn_live"
    TEST_NARROWED = "mdn_test"
    INVITATION = "mdi"
    SHARE = "mdh"
    EMAIL_VERIFICATION = "mdv"
    PASSWORD_RESET = "mdp"  # noqa: S105 - a prefix
    DEVICE = "mdd"
    SIGN_IN_CODE = "mdc"
    FACTOR_CHALLENGE = "mdf"


TEST_KINDS = frozenset({TokenKind.TEST_API_KEY, TokenKind.TEST_NARROWED})
"""What is sent with them reaches nobody."""


def generate(kind: TokenKind) -> str:
    """A new secret."""
    random_part = "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM_LENGTH))
    body = f"{kind}_{random_part}"
    return body + _checksum(body)


def digest(text: str, *kinds: TokenKind) -> Digest | None:
    """The digest to look a secret up by. None for a text that cannot be a secret of these kinds."""
    body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    prefix, _, random_part = body.rpartition("_")
    if prefix not in kinds or len(random_part) != _RANDOM_LENGTH or not text.isascii():
        return None
    if checksum != _checksum(body):
        return None
    return digest_of(text)


def digest_of(text: str) -> Digest:
    """SHA-256 of a secret."""
    return Digest(hashlib.sha256(text.encode()).digest())


def _checksum(body: str) -> str:
    rest, low = divmod(zlib.crc32(body.encode()), len(_PAIRS))
    high, middle = divmod(rest, len(_PAIRS))
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]
