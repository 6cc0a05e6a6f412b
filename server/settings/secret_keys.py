"""The deployment's secrets, for what the database stores encrypted and for what mails bear signed."""

import secrets
from collections.abc import Callable
from functools import cache

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.messages.tracking.signers import Signers, SignerSource
from resolvers.sealing.keyring import Keyring, KeyringSource
from server.failures.repeated_lines import minute_lines
from server.settings.made_once import made_once
from server.settings.settings import Settings

_FILE = "secret.key"
_SIZE = 32


def log_lost(column: str) -> None:
    """Log that a value of this column cannot be read: once a minute, as a page has many."""
    minute_lines.warning("value not decrypted", setting="MANDANT_SECRET_KEYS", column=column)


def keyring_source(settings: Settings, tell_lost: Callable[[str], None] = lambda _: None) -> KeyringSource:
    """Seals with the newest secret."""

    @cache
    def keyring() -> Keyring:
        return Keyring(_secrets(settings), tell_lost)

    return keyring


def signer_source(settings: Settings) -> SignerSource:
    """Signs with the newest secret. What another one has signed is valid as long as that is set: whoever
    removes a secret ends the links in all older mail."""

    @cache
    def signers() -> Signers:
        return Signers.of(_secrets(settings))

    return signers


def _secrets(settings: Settings) -> list[bytes]:
    """The secrets that are set. With the embedded PostgreSQL one is made in its folder, if none are set; it
    goes on opening what it has sealed.

    A database of one's own may be served from several machines, which must have the same secrets: there,
    without any that are set, nothing is stored encrypted. Raises SECRETS_UNAVAILABLE.
    """
    found = [secret.encode() for secret in settings.secret_key_texts]
    path = settings.folder / _FILE
    if settings.database_url is None and (not found or path.exists()):
        found.append(made_once(path, secrets.token_urlsafe(_SIZE).encode()))
    if not found:
        raise Refusal(RefusalCode.SECRETS_UNAVAILABLE)
    return found
