"""What issuers publish: their addresses, and the keys with which they sign.

Both are kept, so that people who are signed in do not notice an issuer that is down. A key that is not known
makes the keys be fetched again, at most once a minute: whoever invents the ids of keys makes nobody ask.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from resolvers.single_sign_on.failures import SignOnFailed, SignOnFailure
from resolvers.single_sign_on.outgoing import NotAnsweredError, OutgoingRequests

_METADATA_FOR = 3600.0
"""Seconds, after which the addresses are asked again."""
_KEYS_FOR = 3600.0
"""The same of keys: one that the issuer has given up is not trusted for ever."""
_KEYS_AT_MOST_EVERY = 60.0
_MOST_ISSUERS = 1000
_MOST_KEYS = 100
_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Metadata:
    """The addresses of an issuer. `methods`: how clients show who they are."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    methods: frozenset[str]


@dataclass
class _Known:
    """What is known of one issuer. Moments are of a clock that never goes back."""

    metadata: Metadata | None = None
    metadata_at: float = 0.0
    keys: dict[str, Key] = field(default_factory=dict)
    keys_at: float | None = None
    keys_asked_at: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Issuers:
    """Of one process."""

    def __init__(self, requests: OutgoingRequests, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests = requests
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def metadata(self, issuer: str) -> Metadata:
        """The issuer's addresses, up to an hour old, or older while it does not answer. Raises
        SignOnFailed."""
        known = self._of(issuer)
        async with known.lock:
            return await self._metadata(issuer, known)

    async def key(self, issuer: str, key_id: str | None) -> Key:
        """The issuer's key with this id; without an id, its only key. Raises SignOnFailed."""
        known = self._of(issuer)
        found = _found(known, key_id)
        if found is None or self._clock() - (known.keys_at or 0.0) > _KEYS_FOR:
            async with known.lock:
                try:
                    await self._fetch_keys(issuer, known)
                except SignOnFailed:
                    if found is None:
                        raise
                else:
                    found = _found(known, key_id)
        if found is None:
            raise SignOnFailed(SignOnFailure.NOT_TRUSTED, "the key is not known")
        return found

    def _of(self, issuer: str) -> _Known:
        known = self._known.setdefault(issuer, _Known())
        self._known.move_to_end(issuer)
        if len(self._known) > _MOST_ISSUERS:
            self._known.popitem(last=False)
        return known

    async def _metadata(self, issuer: str, known: _Known) -> Metadata:
        if known.metadata is not None and self._clock() - known.metadata_at < _METADATA_FOR:
            return known.metadata
        try:
            answer = await self.requests.get(issuer.rstrip("/") + _DISCOVERY)
        except NotAnsweredError as error:
            if known.metadata is not None:
                return known.metadata
            raise SignOnFailed(SignOnFailure.UNAVAILABLE, str(error)) from error
        if answer.status >= 500 and known.metadata is not None:
            return known.metadata
        known.metadata, known.metadata_at = self._read_metadata(issuer, answer.body), self._clock()
        return known.metadata

    def _read_metadata(self, issuer: str, body: Any) -> Metadata:
        if not isinstance(body, dict) or body.get("issuer") != issuer:
            raise SignOnFailed(SignOnFailure.MISCONFIGURED, "the issuer has another name")
        methods = body.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        texts = methods if isinstance(methods, list) else []
        return Metadata(
            authorization_endpoint=self._address(body, "authorization_endpoint"),
            token_endpoint=self._address(body, "token_endpoint"),
            jwks_uri=self._address(body, "jwks_uri"),
            methods=frozenset(each for each in texts if isinstance(each, str)),
        )

    def _address(self, body: Mapping[str, Any], name: str) -> str:
        address = body.get(name)
        if not isinstance(address, str) or not self.requests.allows(address):
            raise SignOnFailed(SignOnFailure.MISCONFIGURED, f"{name} is missing or not allowed")
        return address

    async def _fetch_keys(self, issuer: str, known: _Known) -> None:
        now = self._clock()
        if known.keys_asked_at is not None and now - known.keys_asked_at < _KEYS_AT_MOST_EVERY:
            return
        metadata = await self._metadata(issuer, known)
        known.keys_asked_at = now
        try:
            answer = await self.requests.get(metadata.jwks_uri)
        except NotAnsweredError as error:
            if not known.keys:
                # Nobody invents keys here: whoever comes next may ask again.
                known.keys_asked_at = None
            raise SignOnFailed(SignOnFailure.UNAVAILABLE, str(error)) from error
        keys = answer.body.get("keys") if isinstance(answer.body, dict) else None
        if isinstance(keys, list):
            known.keys, known.keys_at = _read_keys(keys), now


def _read_keys(keys: list[Any]) -> dict[str, Key]:
    """Those that can be used, by their ids. A key for signatures of another kind does no harm to others."""
    found: dict[str, Key] = {}
    for each in keys[:_MOST_KEYS]:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig" or each.get("kty") == "oct":
            continue
        try:
            key_id = each.get("kid")
            found[key_id if isinstance(key_id, str) else ""] = import_key(each)
        except (JoseError, ValueError, TypeError):
            continue
    return found


def _found(known: _Known, key_id: str | None) -> Key | None:
    if key_id is None and len(known.keys) == 1:
        return next(iter(known.keys.values()))
    return known.keys.get(key_id or "")
