"""Signatures of e-mails by the sending domain (DKIM, RFC 6376).

dkimpy brings headers and body into the form that is signed, and cryptography signs: dkimpy's own RSA is
written in Python, takes 16 ms instead of one, and its time depends on the key.
"""

import base64
import datetime
import hashlib
import re
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key
from dkim.canonicalization import CanonicalizationPolicy

_SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "reply-to",
    "list-unsubscribe",
    "list-unsubscribe-post",
)
"""The headers that are signed where the mail has them."""
_FORM = b"relaxed/simple"
"""Servers on the way fold headers anew, but leave bodies alone."""
_NEXT_FIELD = re.compile(rb"\r\n(?![ \t])")
_WIDTH = 72

_Header = tuple[str, bytes]
"""The name in lower case, and `name:value` as it is signed, with CR LF."""


class DkimSigner:
    """Signs for one domain. It is made once for many mails, as it takes longer to read a key than to sign.

    `domain`: in ASCII. `private_key`: DER by PKCS #8, as `resolvers.domains.dkim` makes it.
    """

    def __init__(self, domain: str, selector: str, private_key: bytes) -> None:
        # The check that is left out takes 60 ms. The key was sealed when it was made, so nobody changed it.
        key = load_der_private_key(private_key, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("The key of a domain is an RSA key.")
        self._key = key
        self._domain = domain
        self._selector = selector
        self._policy = CanonicalizationPolicy.from_c_value(_FORM)

    def sign(self, content: bytes, at: datetime.datetime) -> bytes:
        """The mail with its signature in front. Raises ValueError if it has no From.

        From is signed once more than it is there, so nobody can add another one that readers would see.
        """
        head, _, body = content.partition(b"\r\n\r\n")
        headers = self._canonical(head)
        signed = [each for name in _SIGNED for each in _of_name(headers, name)]
        names = [name for name, _ in signed]
        if "from" not in names:
            raise ValueError("A mail without From cannot be signed.")
        body_hash = hashlib.sha256(self._policy.canonicalize_body(body)).digest()
        unsigned = self._tags(["from", *names], body_hash, at)
        ((_, own),) = self._canonical(unsigned)
        text = b"".join(canonical for _, canonical in signed) + own.removesuffix(b"\r\n")
        signature = self._key.sign(text, PKCS1v15(), SHA256())
        return unsigned + _folded(signature) + b"\r\n" + content

    def _tags(self, names: list[str], body_hash: bytes, at: datetime.datetime) -> bytes:
        """The header of the signature, up to the value of its last tag."""
        lines = [
            f"DKIM-Signature: v=1; a=rsa-sha256; c={_FORM.decode()};",
            f"d={self._domain}; s={self._selector};",
            f"t={int(at.timestamp())};",
            *_list_lines(names),
            f"bh={base64.b64encode(body_hash).decode()};",
            "b=",
        ]
        return "\r\n ".join(lines).encode("ascii")

    def _canonical(self, head: bytes) -> list[_Header]:
        pairs = [line.partition(b":")[::2] for line in _NEXT_FIELD.split(head)]
        return [
            (name.decode("ascii"), name + b":" + value)
            for name, value in self._policy.canonicalize_headers(pairs)
        ]


def _of_name(headers: list[_Header], name: str) -> list[_Header]:
    """Those of this name, the last one first: that is the order in which they are signed."""
    return [each for each in reversed(headers) if each[0] == name]


def _list_lines(names: list[str]) -> Iterator[str]:
    """The list of the signed headers in lines that are not too long."""
    half = (len(names) + 1) // 2
    yield f"h={':'.join(names[:half])}:"
    yield f"{':'.join(names[half:])};"


def _folded(signature: bytes) -> bytes:
    text = base64.b64encode(signature)
    return b"\r\n ".join(text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH))
