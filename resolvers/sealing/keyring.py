"""Sealing: encryption that also notices a changed value, and one that was copied to another place.

    sealed = version (1 byte), id of the secret (8), nonce (12), ciphertext and tag of AES-256-GCM

The key of AES is derived from a secret of the deployment, for one column of one tree. So each value can have
a random nonce, however many values there are in all trees. The place of the value is authenticated with it:
in another row, tree or column the value does not open.
"""

import os
from collections.abc import Callable, Sequence
from typing import NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.sealing.places import Place

Sealed = NewType("Sealed", bytes)

_VERSION = b"\x01"
_ID_SIZE = 8
_NONCE_SIZE = 12
_KEY_SIZE = 32
HEAD_SIZE = len(_VERSION) + _ID_SIZE
"""The first bytes of a sealed value. They say with which secret it was sealed."""


class NotOpenedError(Exception):
    """No secret of the deployment opens the value, or it was changed, or it is in another place."""


class Keyring:
    """The secrets of the deployment. The first one seals; each of them opens what it has sealed.

    `tell_lost` is called with the column of a value that none of them has sealed.
    """

    def __init__(self, secrets: Sequence[bytes], tell_lost: Callable[[str], None] = lambda _: None) -> None:
        self._tell_lost = tell_lost
        self._secrets = {_VERSION + _derived(secret, b"id", _ID_SIZE): secret for secret in secrets}
        self.newest = next(iter(self._secrets))
        """The first bytes of everything that the first secret seals."""

    def seal(self, place: Place, value: bytes) -> Sealed:
        """The value, to be stored in that place."""
        nonce = os.urandom(_NONCE_SIZE)
        cipher = _cipher(self._secrets[self.newest], place)
        return Sealed(self.newest + nonce + cipher.encrypt(nonce, value, place.whole))

    def open(self, place: Place, sealed: bytes) -> bytes:
        """The value that was sealed for that place. Raises NotOpenedError."""
        secret = self._secrets.get(sealed[:HEAD_SIZE])
        if secret is None:
            self._tell_lost(place.column)
            raise NotOpenedError("no secret of the deployment has sealed it")
        nonce, rest = sealed[HEAD_SIZE : HEAD_SIZE + _NONCE_SIZE], sealed[HEAD_SIZE + _NONCE_SIZE :]
        try:
            return _cipher(secret, place).decrypt(nonce, rest, place.whole)
        except (InvalidTag, ValueError) as error:
            raise NotOpenedError("it was changed, or belongs to another place") from error


KeyringSource = Callable[[], Keyring]
"""Returns the deployment's keyring. Raises Refusal with SECRETS_UNAVAILABLE where there is none."""


def no_keyring() -> Keyring:
    """The keyring of a deployment that has none. Raises SECRETS_UNAVAILABLE."""
    raise Refusal(RefusalCode.SECRETS_UNAVAILABLE)


def _cipher(secret: bytes, place: Place) -> AESGCM:
    return AESGCM(_derived(secret, b"key " + place.tree, _KEY_SIZE))


def _derived(secret: bytes, purpose: bytes, size: int) -> bytes:
    return HKDF(SHA256(), size, salt=None, info=b"mandant " + purpose).derive(secret)
