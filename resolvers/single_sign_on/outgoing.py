"""Requests to addresses that customers have typed.

A name is resolved once, and the connection goes to the address that was judged, so that a name which leads
elsewhere a moment later leads nowhere. Only public addresses are asked, unless the deployment allows others.
Redirects are not followed, and answers are bounded in size and time.
"""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from resolvers.outgoing.public_addresses import is_public

PATIENCE = 10.0
"""Seconds for one request, with the look-up of the name."""
_LONGEST_ANSWER = 1_000_000


class NotAnsweredError(Exception):
    """The other server is out of reach, or what it sends is no answer."""


@dataclass(frozen=True)
class Answer:
    """`body`: a JSON value."""

    status: int
    body: Any


class OutgoingRequests:
    """`private_addresses`: whether they may go to private networks, and without encryption."""

    def __init__(self, *, private_addresses: bool = False) -> None:
        self.private_addresses = private_addresses

    def allows(self, url: str) -> bool:
        """Whether the scheme and the form of the address are allowed. Where it leads is judged later."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            return False
        schemes = {"https", "http"} if self.private_addresses else {"https"}
        return parsed.scheme in schemes and bool(parsed.host) and not parsed.userinfo and not parsed.fragment

    async def get(self, url: str) -> Answer:
        """What the address answers. Raises NotAnsweredError."""
        return await self._sent("GET", url, {}, None)

    async def post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """What the address answers to a form. Raises NotAnsweredError."""
        return await self._sent("POST", url, headers, form)

    async def _sent(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        if not self.allows(url):
            raise NotAnsweredError("the address is not allowed")
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._answered(method, httpx.URL(url), headers, form)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
            raise NotAnsweredError(type(error).__name__) from error

    async def _answered(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        address = await self._address_of(url)
        # The certificate is checked against the name, while the connection goes to the address.
        request = httpx.Request(
            method,
            url.copy_with(host=address),
            headers={"host": url.netloc.decode("ascii"), "accept": "application/json", **headers},
            data=form,
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        # Of its own for each: they are seldom, and no cookie nor connection is shared between customers.
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, follow_redirects=False) as client:
            answer = await client.send(request, stream=True)
            try:
                body = bytearray()
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > _LONGEST_ANSWER:
                        raise NotAnsweredError("the answer is too long")
            finally:
                await answer.aclose()
        return Answer(answer.status_code, orjson.loads(bytes(body)))

    async def _address_of(self, url: httpx.URL) -> str:
        """The first of the name's addresses, if all of them may be asked."""
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]) for each in found]
        if not addresses or not all(map(self._may_be_asked, addresses)):
            raise NotAnsweredError("the name leads to no public address")
        return addresses[0]

    def _may_be_asked(self, address: str) -> bool:
        return self.private_addresses or is_public(address)
