"""Recipients as keyed hashes, by which active contacts are counted (R103, T21, T23).

    digest = first 16 bytes of HMAC-SHA-256(the deployment's key, SHA-256(canonical address))

The address itself is not stored. Clients may send the SHA-256 instead of the address. The digest is the same
in every account of the deployment and outlives the contact, so that a contact that was deleted and added
again counts once.
"""

import enum
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NewType

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.emails import email_address

ContactKey = NewType("ContactKey", bytes)
ContactDigest = NewType("ContactDigest", bytes)

KeySource = Callable[[], ContactKey]
"""Returns the deployment's key. Raises Refusal with SENDS_UNAVAILABLE where none is set."""

MOST_IN_A_REQUEST = 10_000
"""The most recipients of one request. Longer lists are uploaded (see `resolvers.sending.upload`)."""

DIGEST_SIZE = 16
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class RecipientForm(enum.Enum):
    """The form of recipients."""

    ADDRESSES = "ADDRESSES"
    HASHES = "HASHES"


class RecipientFault(enum.Enum):
    """Why a recipient is skipped."""

    MALFORMED = "MALFORMED"
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True)
class FaultyRecipient:
    """A recipient that is left out. `index`: its position in the list, from 0."""

    index: int
    fault: RecipientFault


@dataclass(frozen=True)
class Recipients:
    """The recipients, each once, and those that were left out."""

    digests: list[ContactDigest] = field(default_factory=list)
    faults: list[FaultyRecipient] = field(default_factory=list)


def read_recipients(key: ContactKey, form: RecipientForm, texts: Sequence[str]) -> Recipients:
    """Read a list. Addresses in foreign scripts take up to a second: do not call it in the event loop."""
    found = Recipients()
    seen: set[ContactDigest] = set()
    for index, text in enumerate(texts):
        digest = read_recipient(key, form, text)
        if digest is None:
            found.faults.append(FaultyRecipient(index, RecipientFault.MALFORMED))
        elif digest in seen:
            found.faults.append(FaultyRecipient(index, RecipientFault.DUPLICATE))
        else:
            seen.add(digest)
            found.digests.append(digest)
    return found


def read_recipient(key: ContactKey, form: RecipientForm, text: str) -> ContactDigest | None:
    """The digest of an address, or of the hexadecimal SHA-256 of a canonical address; None for other text."""
    hashed = _hash_of_address(text) if form is RecipientForm.ADDRESSES else _hash_of_text(text)
    return None if hashed is None else contact_digest(key, hashed)


def contact_digest(key: ContactKey, hashed: bytes) -> ContactDigest:
    """The digest of a canonical address, given its SHA-256."""
    return ContactDigest(hmac.digest(key, hashed, "sha256")[:DIGEST_SIZE])


def _hash_of_address(address: str) -> bytes | None:
    try:
        canonical = email_address(address).canonical
    except Refusal as refusal:
        if refusal.code is not RefusalCode.BAD_USER_INPUT:
            raise
        return None
    return hashlib.sha256(canonical.encode()).digest()


def _hash_of_text(text: str) -> bytes | None:
    return bytes.fromhex(text) if _HASH.fullmatch(text) else None
