"""How a message is known again that a mail server returns: by a text that fits before the @ of an address.

    reference = "b-", base32(account (16 bytes), message (16), tag (6))
    tag       = first 6 bytes of HMAC-SHA-256(key, account, message)

These are 63 characters, whose case does not matter: the local part of an address has at most 64, and mail
servers may change its case. Mails bear it as return path, as envelope id and in their Message-ID, because
reports leave out one or the other.
"""

import base64
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from models.base.ids import AccountId, MessageId

_PURPOSE = b"mandant message references"
_PREFIX = "b-"
_ID_SIZE = 16
_TAG_SIZE = 6
_LENGTH = 61


@dataclass(frozen=True)
class Reference:
    """A message, and whose it is."""

    account_id: AccountId
    message_id: MessageId


class ReferenceSigner:
    """Writes references, and reads those that it wrote. `secrets`: the first one signs, and each of them is
    valid."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("References are signed with a secret.")
        self._keys = [hmac.digest(secret, _PURPOSE, "sha256") for secret in secrets]

    def written(self, reference: Reference) -> str:
        """As a mail bears it."""
        ids = reference.account_id.bytes + reference.message_id.bytes
        return _PREFIX + _encoded(ids + _tag(self._keys[0], ids))

    def bounce_address(self, reference: Reference, domain: str) -> str:
        """The address that the message is returned to."""
        return f"{self.written(reference)}@{domain}"

    def read(self, text: str) -> Reference | None:
        """The reference that stands alone, or before the first @. None: there is none, nobody signed it, or
        it was changed."""
        local_part = text.strip().partition("@")[0].lower()
        encoded = local_part.removeprefix(_PREFIX)
        if encoded == local_part or len(encoded) != _LENGTH or not encoded.isascii():
            return None
        try:
            raw = base64.b32decode(encoded.upper() + "=" * (-_LENGTH % 8))
        except ValueError:
            return None
        ids, tag = raw[:-_TAG_SIZE], raw[-_TAG_SIZE:]
        is_signed = any(hmac.compare_digest(_tag(key, ids), tag) for key in self._keys)
        # The same bytes can be written in several ways, of which one was signed.
        if not is_signed or _encoded(raw) != encoded:
            return None
        account_id, message_id = (uuid.UUID(bytes=each) for each in (ids[:_ID_SIZE], ids[_ID_SIZE:]))
        return Reference(AccountId(account_id), MessageId(message_id))


def _tag(key: bytes, ids: bytes) -> bytes:
    return hmac.digest(key, ids, "sha256")[:_TAG_SIZE]


def _encoded(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()
