"""Key pairs for DKIM (RFC 6376). The private key never leaves the server; the domain's owner publishes the
public one."""

import asyncio
import base64
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

_BITS = 2048
_EXPONENT = 65537


@dataclass(frozen=True)
class DkimKey:
    """`selector`: the name under which the public key is published, another one for each pair: two accounts
    may send from one domain. `public_key`: DER in base64. `private_key`: DER by PKCS #8."""

    selector: str
    public_key: str
    private_key: bytes


class NewDkimKey:
    """A key pair that is made when it is first asked for. A write that has to run again has the same pair."""

    def __init__(self) -> None:
        self._made: DkimKey | None = None

    async def made(self) -> DkimKey:
        """The pair. It takes a tenth of a second of a thread beside the event loop: ask before the write's
        first statement, so that no connection waits for it."""
        if self._made is None:
            self._made = await asyncio.to_thread(_make)
        return self._made


def _make() -> DkimKey:
    key = generate_private_key(_EXPONENT, _BITS)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return DkimKey(f"m{secrets.token_hex(4)}", base64.b64encode(public).decode(), private)
