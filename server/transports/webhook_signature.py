"""Signatures of requests to servers of others, by the scheme of Standard Webhooks.

signature = base64 of HMAC-SHA-256(secret, "<id>.<seconds since 1970>.<body>")
"""

import base64
import datetime
import hmac


def signature_headers(secret: bytes, request_id: str, body: bytes, at: datetime.datetime) -> dict[str, str]:
    """The headers that prove who sent the body, and when. `request_id`: the same for another try, so that the
    receiver can tell."""
    timestamp = str(int(at.timestamp()))
    signed = f"{request_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode("ascii")
    return {
        "webhook-id": request_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
