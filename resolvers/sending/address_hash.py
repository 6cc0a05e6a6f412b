"""Recipients as digests (see `resolvers.inputs.address_digests`), by which active contacts are counted. The
address itself is not stored."""

import enum
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.address_digests import ContactDigest, ContactKey, contact_digest, hash_of_text
from resolvers.inputs.emails import email_address

MOST_IN_A_REQUEST = 10_000
"""The most recipients of one request. Longer lists are uploaded (see `resolvers.sending.lists.upload`)."""


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
    """The recipients, each once, and those at fault. `form`: as the request names them. `indexes`: where it
    has each of the digests."""

    form: RecipientForm = RecipientForm.ADDRESSES
    digests: list[ContactDigest] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    faults: list[FaultyRecipient] = field(default_factory=list)


def read_recipients(key: ContactKey, form: RecipientForm, texts: Sequence[str]) -> Recipients:
    """Read a list. Addresses in foreign scripts take up to a second: do not call it in the event loop."""
    found = Recipients(form)
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
            found.indexes.append(index)
    return found


def read_recipient(key: ContactKey, form: RecipientForm, text: str) -> ContactDigest | None:
    """The digest of an address, or of the hexadecimal SHA-256 of a canonical address; None for other text."""
    hashed = _hash_of_address(text) if form is RecipientForm.ADDRESSES else hash_of_text(text)
    return None if hashed is None else contact_digest(key, hashed)


def _hash_of_address(address: str) -> bytes | None:
    try:
        canonical = email_address(address).canonical
    except Refusal as refusal:
        if refusal.code is not RefusalCode.BAD_USER_INPUT:
            raise
        return None
    return hashlib.sha256(canonical.encode()).digest()
