"""The secrets that deliveries are signed with: made, sealed, shown once, and replaced with an overlap.

whsec_<32 random bytes in base64>, as Standard Webhooks writes them
"""

import base64
import datetime
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import MasterId, WebhookId
from resolvers.sealing.keyring import Keyring, NotOpenedError, Sealed
from resolvers.webhooks.sealed_columns import PREVIOUS_SECRET, SECRET

LONGEST_OVERLAP = datetime.timedelta(days=7)
"""How long deliveries are signed with the old secret too, after a new one was made."""

_PREFIX = "whsec_"
_SIZE = 32


@dataclass(frozen=True)
class NewSecret:
    """`shown`: as the receiver gets it, this once; `sealed`: as it is stored."""

    shown: str
    sealed: Sealed


def new_secret(keyring: Keyring, master_id: MasterId, webhook_id: WebhookId) -> NewSecret:
    """A secret for the webhook."""
    value = secrets.token_bytes(_SIZE)
    shown = _PREFIX + base64.b64encode(value).decode("ascii")
    return NewSecret(shown, keyring.seal(SECRET.place({"master_id": master_id, "id": webhook_id}), value))


def moved_to_previous(keyring: Keyring, webhook: Mapping[str, Any]) -> Sealed:
    """The webhook's secret, sealed for the place of the one before. Raises SECRETS_UNAVAILABLE where the
    server has lost the key that it was sealed with."""
    try:
        value = keyring.open(SECRET.place(webhook), webhook["secret"])
    except NotOpenedError:
        message = "The server cannot read the old secret any more. Rotate it without an overlap."
        raise Refusal(RefusalCode.SECRETS_UNAVAILABLE, message, "overlapMinutes") from None
    return keyring.seal(PREVIOUS_SECRET.place(webhook), value)


def opened_secrets(keyring: Keyring, webhook: Mapping[str, Any], now: datetime.datetime) -> Sequence[bytes]:
    """The secrets to sign with, the present one first. Raises NotOpenedError."""
    found = [keyring.open(SECRET.place(webhook), webhook["secret"])]
    if webhook["previous_secret"] is not None and webhook["previous_secret_expires_at"] > now:
        found.append(keyring.open(PREVIOUS_SECRET.place(webhook), webhook["previous_secret"]))
    return found
