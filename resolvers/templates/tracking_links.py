"""What stands in the links of a message, so that whoever follows one needs no session.

    token   = base64url(payload, tag)
    payload = version (1 byte), what it is for (1), tree (16), account (16), message (16),
              for a click: the link's place (2) and where it leads
    tag     = first 16 bytes of HMAC-SHA-256(key, payload)

A token says which message it was written in and where it leads, so that a click is answered without the
database, and leads nowhere that the message did not. It is valid as long as its secret is: whoever holds the
secrets keeps an old one for as long as old mail is read.
"""

import base64
import binascii
import enum
import hmac
import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from models.base.ids import AccountId, MasterId

LONGEST_URL = 4_000
"""Bytes of UTF-8. A longer link is not tracked."""
MOST_LINKS = 2**16

_VERSION = 1
_HEAD = struct.Struct(">BB16s16s16s")
_PLACE = struct.Struct(">H")
_TAG_SIZE = 16
_PURPOSE = b"mandant tracking links"
_LONGEST_TOKEN = 4 * (_HEAD.size + _PLACE.size + LONGEST_URL + _TAG_SIZE + 2) // 3


class LinkUse(enum.Enum):
    """OPEN: a picture that is loaded when the message is shown. UNSUBSCRIBE: one click or POST (RFC 8058)."""

    OPEN = 1
    CLICK = 2
    UNSUBSCRIBE = 3


@dataclass(frozen=True, kw_only=True)
class Click:
    """`place`: which link of the message, from 0 on. `url`: where it leads."""

    place: int
    url: str


@dataclass(frozen=True, kw_only=True)
class TrackedLink:
    """`click`: of a CLICK, and of no other."""

    use: LinkUse
    master_id: MasterId
    account_id: AccountId
    message_id: uuid.UUID
    click: Click | None = None


class LinkSigner:
    """Writes tokens, and reads those that it wrote. `secrets`: the first one signs, and each of them is
    valid."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("Links are signed with a secret.")
        self._keys = [hmac.digest(secret, _PURPOSE, "sha256") for secret in secrets]

    def token(self, link: TrackedLink) -> str:
        """The token of a link: 88 characters, and those of where it leads. Raises ValueError for a click that
        cannot be tracked."""
        payload = _payload(link)
        return _encoded(payload + _tag(self._keys[0], payload))

    def read(self, token: str) -> TrackedLink | None:
        """The link. None: nobody signed the token, or it was changed."""
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except binascii.Error:
            return None
        payload, tag = raw[:-_TAG_SIZE], raw[-_TAG_SIZE:]
        is_signed = any(hmac.compare_digest(_tag(key, payload), tag) for key in self._keys)
        # The same bytes can be written in several ways, of which one was signed.
        return _link(payload) if is_signed and _encoded(raw) == token else None


def _payload(link: TrackedLink) -> bytes:
    ids = (link.master_id.bytes, link.account_id.bytes, link.message_id.bytes)
    head = _HEAD.pack(_VERSION, link.use.value, *ids)
    if (link.click is None) == (link.use is LinkUse.CLICK):
        raise ValueError("A click, and nothing else, leads somewhere.")
    if link.click is None:
        return head
    url = link.click.url.encode()
    if not 0 <= link.click.place < MOST_LINKS or len(url) > LONGEST_URL:
        raise ValueError(f"A message has at most {MOST_LINKS:,} links, of {LONGEST_URL:,} bytes each.")
    return head + _PLACE.pack(link.click.place) + url


def _link(payload: bytes) -> TrackedLink | None:
    """What was signed. None: by another version of the program."""
    version, use, master_id, account_id, message_id = _HEAD.unpack_from(payload)
    if version != _VERSION:
        return None
    click = None
    if LinkUse(use) is LinkUse.CLICK:
        (place,) = _PLACE.unpack_from(payload, _HEAD.size)
        click = Click(place=place, url=payload[_HEAD.size + _PLACE.size :].decode())
    return TrackedLink(
        use=LinkUse(use),
        master_id=MasterId(uuid.UUID(bytes=master_id)),
        account_id=AccountId(uuid.UUID(bytes=account_id)),
        message_id=uuid.UUID(bytes=message_id),
        click=click,
    )


def _tag(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, "sha256")[:_TAG_SIZE]


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
