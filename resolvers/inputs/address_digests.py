"""Addresses as keyed hashes, which can be compared and not be read (R103, T21, T23).

    digest = first 16 bytes of HMAC-SHA-256(the deployment's key, SHA-256(canonical address))

Clients may send the SHA-256 instead of the address. The digest is the same in every account of the
deployment, and outlives the contact: active contacts, block entries and unsubscribes go by it.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import NewType

ContactKey = NewType("ContactKey", bytes)
ContactDigest = NewType("ContactDigest", bytes)

KeySource = Callable[[], ContactKey]
"""Returns the deployment's key. Raises Refusal with SENDS_UNAVAILABLE where none is set."""

DIGEST_SIZE = 16
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


def digest_of(key: ContactKey, canonical: str) -> ContactDigest:
    """The digest of a canonical e-mail address or phone number."""
    return contact_digest(key, hashlib.sha256(canonical.encode()).digest())


def contact_digest(key: ContactKey, hashed: bytes) -> ContactDigest:
    """The digest of a canonical address, given its SHA-256."""
    # Not `hmac.digest`, which looks the function up each time and takes twice as long.
    return ContactDigest(hmac.new(key, hashed, "sha256").digest()[:DIGEST_SIZE])


def hash_of_text(text: str) -> bytes | None:
    """The SHA-256 that the text writes in 64 lower-case hexadecimal digits; None for other text."""
    return bytes.fromhex(text) if _HASH.fullmatch(text) else None
