"""Signatures of requests to and from servers of others, by the scheme of Standard Webhooks.

signature = base64 of HMAC-SHA-256(secret, "<id>.<seconds since 1970>.<body>")
"""

import base64
import datetime
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
WINDOW = datetime.timedelta(minutes=5)
"""So far from now a request that comes in may have been signed."""

_LONGEST_ID = 200
_MOST_SIGNATURES = 10
"""Of one request: the sender may sign with an old secret and a new one."""


def signature_headers(
    secrets: Sequence[bytes], request_id: str, body: bytes, at: datetime.datetime
) -> dict[str, str]:
    """The headers that prove who sent the body, and when. `secrets`: all that the receiver may know.
    `request_id`: the same for another try, so that the receiver can tell."""
    timestamp = str(int(at.timestamp()))
    signatures = [_signature(secret, request_id, timestamp, body) for secret in secrets]
    return {ID: request_id, TIMESTAMP: timestamp, SIGNATURE: " ".join(signatures)}


@dataclass(frozen=True)
class GivenSignature:
    """What a request says of itself. It is proved by `signs` alone."""

    request_id: str
    timestamp: str
    signatures: str

    def is_of_now(self, now: datetime.datetime) -> bool:
        """Whether it says that it was signed a moment ago."""
        if not (self.timestamp.isascii() and self.timestamp.isdecimal() and len(self.timestamp) <= 12):
            return False
        return abs(now.timestamp() - int(self.timestamp)) <= WINDOW.total_seconds()

    def signs(self, secret: bytes, body: bytes) -> bool:
        """Whether one of its signatures is that of this body."""
        if len(self.request_id) > _LONGEST_ID:
            return False
        expected = _signature(secret, self.request_id, self.timestamp, body).encode()
        given = self.signatures.split(" ", _MOST_SIGNATURES)[:_MOST_SIGNATURES]
        found = [hmac.compare_digest(each.encode(), expected) for each in given]
        return any(found)


def _signature(secret: bytes, request_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{request_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode('ascii')}"
