"""SMS by a gateway of somebody else, over HTTP.

    POST <the gateway's URL>
    {"id": "...", "to": "+4917...", "from": "Verdant", "text": "..."}

    200 or 202  {"id": "the gateway's own"}
    4xx         {"code": "UNKNOWN_NUMBER"}, if nothing can ever reach the number

The request is signed (`webhook_signature`). A second try has the same id, so the gateway can tell.
"""

import asyncio
import datetime
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from resolvers.messages.transport import Handed, Sms, Verdict
from resolvers.outgoing.retry_after import retry_after
from server.transports.webhook_signature import signature_headers

_PATIENCE = 20.0
"""Seconds for the whole request, and the answer."""
_LONGEST_BODY = 64 * 1024
_LONGEST_ANSWER = 500
_LONGEST_REFERENCE = 200
_TAKEN = frozenset({200, 202})
_NOT_NOW = frozenset({401, 408, 425, 429})
"""What says nothing of the message, so another try may be taken. 401: the deployment's secret is wrong."""
_ELSEWHERE = frozenset({301, 302, 307, 308})
"""The URL is wrong, and nothing was done. Redirects are not followed: the other place gets no messages."""
_UNKNOWN_NUMBER = "UNKNOWN_NUMBER"
_BODY_BEGINS = "http11.send_request_body.started"
_FAILURES = (httpx.HTTPError, OSError, TimeoutError)


@dataclass(frozen=True)
class _Answer:
    """`body`: None if it is too long."""

    status: int
    headers: httpx.Headers
    body: bytes | None


class SmsGateway:
    """Hands messages to one gateway. `most`: requests at once; their connections are kept. `patience`:
    seconds for each request."""

    def __init__(self, url: str, secret: bytes, most: int = 1, patience: float = _PATIENCE) -> None:
        self._url = url
        self._secret = secret
        self._patience = patience
        self._room = asyncio.Semaphore(most)
        self._client = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=most, max_keepalive_connections=most),
            # Connecting takes its time twice, for TCP and for TLS, and ends by itself: what is ended from
            # outside meanwhile leaves its socket open.
            timeout=httpx.Timeout(patience, connect=patience / 4),
            verify=ssl.create_default_context(),
            trust_env=False,
        )

    async def hand_over(self, sms: Sms) -> Handed:
        """Hand one message over. Raises nothing that the gateway or the network causes."""
        is_begun = False

        async def watch(event: str, _: Mapping[str, Any]) -> None:
            nonlocal is_begun
            is_begun = is_begun or event == _BODY_BEGINS

        async with self._room:
            request = self._request(sms)
            # The gateway does nothing before it has the body. From then on only an answer tells.
            request.extensions["trace"] = watch
            try:
                async with asyncio.timeout(self._patience):
                    answer = await self._answer(request)
            except _FAILURES as error:
                told = f"{type(error).__name__}: {error}"[:_LONGEST_ANSWER]
                return Handed(Verdict.UNKNOWN if is_begun else Verdict.LATER, told)
        return _handed(answer)

    async def close(self) -> None:
        """Give connections back. Whatever is under way is ended."""
        await self._client.aclose()

    def _request(self, sms: Sms) -> httpx.Request:
        body = orjson.dumps({"id": sms.id, "to": sms.recipient, "from": sms.sender, "text": sms.text})
        now = datetime.datetime.now(datetime.UTC)
        headers = {
            "content-type": "application/json",
            # What is compressed would have no bound.
            "accept-encoding": "identity",
            **signature_headers((self._secret,), sms.id, body, now),
        }
        return self._client.build_request("POST", self._url, content=body, headers=headers)

    async def _answer(self, request: httpx.Request) -> _Answer:
        response = await self._client.send(request, stream=True)
        body = bytearray()
        try:
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > _LONGEST_BODY:
                    return _Answer(response.status_code, response.headers, None)
        finally:
            await response.aclose()
        return _Answer(response.status_code, response.headers, bytes(body))


def _handed(answer: _Answer) -> Handed:
    told = f"{answer.status} {(answer.body or b'').decode(errors='replace')}"[:_LONGEST_ANSWER]
    status = answer.status
    if status in _TAKEN:
        reference = _reference(answer.body)
        return Handed(Verdict.UNKNOWN if reference is None else Verdict.ACCEPTED, told, reference=reference)
    if status in _NOT_NOW or status in _ELSEWHERE or 500 <= status < 600:
        return Handed(Verdict.LATER, told, retry_after(answer.headers.get("retry-after")))
    if not 400 <= status < 500:
        return Handed(Verdict.UNKNOWN, told)
    is_number = _value_of(answer.body, "code") == _UNKNOWN_NUMBER
    return Handed(Verdict.BOUNCED if is_number else Verdict.REFUSED, told)


def _reference(body: bytes | None) -> str | None:
    """The gateway's id of the message. None: the answer is none."""
    reference = _value_of(body, "id")
    is_usable = reference is not None and 1 <= len(reference) <= _LONGEST_REFERENCE
    return reference if is_usable else None


def _value_of(body: bytes | None, name: str) -> str | None:
    """A text of the answer. None: there is none of this name."""
    try:
        found = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else None
