"""Tokens of issuers (JWT): their signatures and what they have to say."""

import base64
import binascii
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError

from resolvers.single_sign_on.failures import SignOnFailed, SignOnFailure
from resolvers.single_sign_on.issuers import Issuers

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those with a public key. With a shared secret, whoever can check a token could make one."""
LONGEST_TOKEN = 16_000
_SKEW = 60
"""Seconds that clocks may be apart."""
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LOGOUT_FOR = 300
"""Seconds after which a logout token is too old."""
LONGEST_SUBJECT = 255
"""By OpenID Connect Core."""


@dataclass(frozen=True)
class Claims:
    """What a token says, whose signature, issuer, audience and times are right."""

    subject: str | None
    expires_at: int | None
    issued_at: int | None
    all: dict[str, Any]

    def text(self, name: str) -> str | None:
        """The claim, if it is a text."""
        value = self.all.get(name)
        return value if isinstance(value, str) else None


@dataclass(frozen=True)
class Unverified:
    """What a token says of itself, which nobody has checked yet."""

    issuer: str
    audiences: tuple[str, ...]
    key_id: str | None


def looks_like_one(text: str) -> bool:
    """Whether a text can be such a token. Nothing that we issue ourselves can."""
    return text.count(".") == 2 and text.startswith("ey") and text.isascii()


def unverified(token: str) -> Unverified:
    """Raises SignOnFailed for a text that is no token."""
    head, body, _ = _parts(token)
    header, claims = _object(head), _object(body)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not isinstance(claims.get("iss"), str):
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it names no issuer")
    key_id = header.get("kid")
    texts = tuple(each for each in audiences if isinstance(each, str))
    return Unverified(claims["iss"], texts, key_id if isinstance(key_id, str) else None)


async def verified(issuers: Issuers, token: str, issuer: str, audience: str) -> Claims:
    """The claims of a token that the issuer has signed for this audience, and that is valid now.

    Raises SignOnFailed for every other one.
    """
    said = unverified(token)
    if said.issuer != issuer or audience not in said.audiences:
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it is of another issuer or for another audience")
    key = await issuers.key(issuer, said.key_id)
    try:
        claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError) as error:
        raise SignOnFailed(SignOnFailure.NOT_VALID, type(error).__name__) from error
    now = int(time.time())
    expires_at, issued_at, not_before = (_seconds(claims, name) for name in ("exp", "iat", "nbf"))
    if expires_at is not None and expires_at <= now - _SKEW:
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it has expired")
    if any(each is not None and each > now + _SKEW for each in (issued_at, not_before)):
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it is of a later time")
    subject = claims.get("sub")
    if subject is not None and not (isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT):
        raise SignOnFailed(SignOnFailure.NOT_VALID, "its subject is not valid")
    return Claims(subject, expires_at, issued_at, dict(claims))


def check_sign_in(claims: Claims, client_id: str, audiences: Collection[str], nonce: str) -> None:
    """Raise SignOnFailed unless they are those of an ID token that answers this sign-in."""
    if claims.subject is None or claims.expires_at is None or claims.issued_at is None:
        raise SignOnFailed(SignOnFailure.NOT_TRUSTED, "the ID token lacks a claim")
    if claims.all.get("nonce") != nonce:
        raise SignOnFailed(SignOnFailure.NOT_TRUSTED, "the nonce is another one")
    party = claims.all.get("azp")
    if (len(audiences) > 1 or party is not None) and party != client_id:
        raise SignOnFailed(SignOnFailure.NOT_TRUSTED, "the ID token is for another client")


def check_logout(claims: Claims) -> None:
    """Raise SignOnFailed unless they are those of a logout token of now."""
    events = claims.all.get("events")
    if not isinstance(events, dict) or _LOGOUT_EVENT not in events or "nonce" in claims.all:
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it is no logout token")
    if claims.issued_at is None or claims.issued_at < time.time() - _LOGOUT_FOR:
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it is too old")
    if claims.subject is None and claims.text("sid") is None:
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it names nobody")


def _seconds(claims: dict[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise SignOnFailed(SignOnFailure.NOT_VALID, f"{name} is no time")
    return int(value)


def _parts(token: str) -> list[str]:
    if len(token) > LONGEST_TOKEN or not looks_like_one(token):
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it is no token")
    return token.split(".")


def _object(part: str) -> dict[str, Any]:
    try:
        value = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, orjson.JSONDecodeError, ValueError) as error:
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it is no token") from error
    if not isinstance(value, dict):
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it is no token")
    return value
