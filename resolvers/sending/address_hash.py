"""Recipients as the count of active contacts knows them: by a keyed hash of the address (R103, T21, T23).

    digest = first 16 bytes of HMAC-SHA-256(the deployment's key, SHA-256(canonical address))

The address itself is not kept. A client that does not want to send addresses sends their SHA-256 instead. The
digest is the same in every account of the deployment, and outlives the contact: who was deleted and added
again is still one.
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
"""The deployment's key. Raises Refusal with SENDS_UNAVAILABLE where none is set."""

MOST_IN_A_REQUEST = 10_000
"""How many recipients a request may name; more are uploaded (see `resolvers.sending.recipient_lists`)."""

DIGEST_SIZE = 16
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class RecipientForm(enum.Enum):
    """How recipients are told."""

    ADDRESSES = "ADDRESSES"
    HASHES = "HASHES"


class RecipientFault(enum.Enum):
    """Why a recipient is skipped."""

    MALFORMED = "MALFORMED"
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True)
class FaultyRecipient:
    """A recipient that is left out. `index`: its place in the list, from 0."""

    index: int
    fault: RecipientFault


@dataclass(frozen=True)
class Recipients:
    """Whom to send to, each once, and who was left out of the list."""

    digests: list[ContactDigest] = field(default_factory=list)
    faults: list[FaultyRecipient] = field(default_factory=list)


def read_recipients(key: ContactKey, form: RecipientForm, texts: Sequence[str]) -> Recipients:
    """Read a list. Takes up to a second for addresses in foreign scripts: not for the event loop."""
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
    """The digest of an address, or of a hexadecimal SHA-256 of a canonical one; None for what is neither."""
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
