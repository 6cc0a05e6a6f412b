"""A passkey in software: it makes real attestations and signatures, as a browser hands them on (WebAuthn)."""

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_USER_PRESENT, _USER_VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class SoftPasskey:
    """One key of one person at one site. `origin`: of the page, as the browser says it."""

    origin: str
    verifies: bool = True
    """Whether it checks who uses it."""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(32))
    count: int = 0

    @property
    def public_key(self) -> bytes:
        """As the server keeps it (COSE)."""
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def create(self, options: str) -> str:
        """What `credentials.create` answers to the options."""
        asked = json.loads(options)
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + self.public_key
        data = self._data(asked["rp"]["id"], _ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": _text(client), "attestationObject": _text(attestation)})

    def get(self, options: str) -> str:
        """What `credentials.get` answers to the options."""
        asked = json.loads(options)
        self.count += 1
        data = self._data(asked["rpId"], 0)
        client = self._client("webauthn.get", asked["challenge"])
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": _text(client),
                "authenticatorData": _text(data),
                "signature": _text(signed),
                "userHandle": None,
            }
        )

    def _data(self, host: str, flags: int) -> bytes:
        verified = _USER_VERIFIED if self.verifies else 0
        whole = _USER_PRESENT | verified | flags
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", whole, self.count)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        given = {name: value for name, value in response.items() if value is not None}
        whole = {"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": given}
        return json.dumps(whole | {"clientExtensionResults": {}})
