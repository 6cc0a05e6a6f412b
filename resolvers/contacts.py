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

from authz.refusals import Refusal, RefusalCode
from resolvers.emails import email_address

ContactKey = NewType("ContactKey", bytes)
ContactDigest = NewType("ContactDigest", bytes)

KeySource = Callable[[], ContactKey]
"""The deployment's key. Raises Refusal with SENDS_UNAVAILABLE where none is set."""

_DIGEST_SIZE = 16
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class RecipientFault(enum.Enum):
    """Why nothing is sent to a recipient of a list."""

    MALFORMED = "MALFORMED"
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True)
class FaultyRecipient:
    """A recipient that is left out. `index`: from 0, hashes counted on after the addresses."""

    index: int
    fault: RecipientFault


@dataclass(frozen=True)
class Recipients:
    """Whom to send to, each once, and who was left out of the list."""

    digests: list[ContactDigest] = field(default_factory=list)
    faults: list[FaultyRecipient] = field(default_factory=list)


def read_recipients(key: ContactKey, addresses: Sequence[str], hashes: Sequence[str]) -> Recipients:
    """Read a list of addresses and of hexadecimal SHA-256 hashes of canonical addresses."""
    found = Recipients()
    seen: set[ContactDigest] = set()
    given = [*map(_hash_of_address, addresses), *map(_hash_of_text, hashes)]
    for index, hashed in enumerate(given):
        if hashed is None:
            found.faults.append(FaultyRecipient(index, RecipientFault.MALFORMED))
            continue
        digest = contact_digest(key, hashed)
        if digest in seen:
            found.faults.append(FaultyRecipient(index, RecipientFault.DUPLICATE))
        else:
            seen.add(digest)
            found.digests.append(digest)
    return found


def contact_digest(key: ContactKey, hashed: bytes) -> ContactDigest:
    """The digest of a canonical address, given its SHA-256."""
    return ContactDigest(hmac.digest(key, hashed, "sha256")[:_DIGEST_SIZE])


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
