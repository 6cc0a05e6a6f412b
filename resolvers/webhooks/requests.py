"""The requests that deliver events to addresses of customers.

A name is resolved once, and the connection goes to an address that was judged; so a name that leads elsewhere
a moment later leads nowhere. All addresses of a name have to be public, unless the deployment allows others.
Where no connection is made, the next address has its turn; what was sent is not sent elsewhere. Redirects are
not followed. A request has ten seconds in all. Of an answer only the status counts, and when it asks for the
next try: up to 64 KB of it are read while there is time, so that the other server can end in peace, and
nothing of it is kept.
"""

import asyncio
import datetime
import ipaddress
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import httpx

from authz.policy.refusals import Refusal, RefusalCode
from models.webhooks.tables import WebhookProblem
from resolvers.domains.dns import Dns
from resolvers.outgoing.public_addresses import is_public
from resolvers.outgoing.retry_after import retry_after

PATIENCE = 10.0
"""Seconds for one request, with the look-up of the name."""
LONGEST_URL = 2000
_LOOKING_UP, _CONNECTING = 0.4, 0.25
"""Of that, for the name, and at most twice for a connection: for TCP and for TLS. Both end by themselves:
what is ended from outside meanwhile leaves its socket open."""
_MOST_ADDRESSES = 4
"""Of a name that are tried: with more of them, each would have too little time."""
_ENDING = 0.1
"""Of that, for the end of the connection, once the status is known."""
_LONGEST_ANSWER = 64 * 1024
_FIRST_FREE_PORT = 1024
"""Ports below are those of other services, which a request must not speak to."""
_LAST_PORT = 65_535
_GONE = 410
_SAY_WHEN = frozenset({429, 503})
"""They ask for less, and may say for how long."""
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""As the last label of a name: other programs take the whole for an IPv4 address, as 0x7f.1 or 2130706433."""
_THIS_MACHINE = "localhost"


class NotSentError(Exception):
    """Nothing took the request."""

    def __init__(self, problem: WebhookProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True)
class Tried:
    """What became of a request. `problem` None: it was taken."""

    status_code: int | None
    problem: WebhookProblem | None
    milliseconds: int
    asked_wait: datetime.timedelta = datetime.timedelta()
    """How long the receiver wants not to be asked."""

    @property
    def is_gone(self) -> bool:
        """Whether the other server says that there is nothing any more, and never will be."""
        return self.status_code == _GONE


class WebhookRequests:
    """`private_addresses`: whether requests may go to private networks, to any port, and without encryption.
    `dns`: what resolves names. `trust`: whose certificates are accepted; None: those of the system."""

    def __init__(
        self,
        dns: Dns,
        *,
        private_addresses: bool = False,
        trust: ssl.SSLContext | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._dns = dns
        self._private_addresses = private_addresses
        self._trust = trust
        self._patience = patience

    def checked_url(self, text: str, field: str) -> str:
        """A webhook's URL. Where its name leads is judged whenever it is asked. Raises BAD_USER_INPUT."""
        problem = self._problem_of(text)
        if problem is not None:
            raise Refusal(RefusalCode.BAD_USER_INPUT, problem, field)
        return str(httpx.URL(text))

    def _problem_of(self, text: str) -> str | None:
        if len(text) > LONGEST_URL:
            return f"Must have at most {LONGEST_URL:,} characters."
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, ValueError):
            return "Must be a URL, such as https://example.com/webhooks."
        if url.scheme != "https" and not (self._private_addresses and url.scheme == "http"):
            return f"Must begin with {'https:// or http' if self._private_addresses else 'https'}://."
        if url.userinfo or url.fragment:
            return "Must have neither a password nor a fragment."
        return self._problem_of_host(url) or self._problem_of_port(_port_of(url))

    def _problem_of_host(self, url: httpx.URL) -> str | None:
        literal = _literal(url)
        if literal is not None:
            return None if self._may_be_asked(literal) else "Its address must be one of the public Internet."
        name = url.raw_host.decode("ascii")
        last_label = name.removesuffix(".").rpartition(".")[2]
        if not _NAME.fullmatch(name) or _NUMBER.fullmatch(last_label):
            return "Must have the name of a host, or an address written in full."
        if last_label == _THIS_MACHINE and not self._private_addresses:
            return "Its host must be one of the public Internet."
        return None

    def _problem_of_port(self, port: int) -> str | None:
        if self._private_addresses:
            return None if 0 < port <= _LAST_PORT else f"Its port must be 1 to {_LAST_PORT}."
        if port == 443 or _FIRST_FREE_PORT <= port <= _LAST_PORT:
            return None
        return f"Its port must be 443, or {_FIRST_FREE_PORT} to {_LAST_PORT}."

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Tried:
        """Send a body of JSON. Raises nothing that the other server or the network causes."""
        begun = time.monotonic()
        deadline = asyncio.get_running_loop().time() + self._patience
        try:
            async with asyncio.timeout_at(deadline):
                answer = await self._answered(httpx.URL(url), body, headers, deadline)
        except NotSentError as error:
            return Tried(None, error.problem, _since(begun))
        except (TimeoutError, httpx.TimeoutException):
            return Tried(None, WebhookProblem.TIMED_OUT, _since(begun))
        except httpx.ConnectError:
            return Tried(None, WebhookProblem.NOT_CONNECTED, _since(begun))
        except (httpx.HTTPError, OSError, ValueError):
            return Tried(None, WebhookProblem.NOT_ANSWERED, _since(begun))
        problem = None if answer.is_success else WebhookProblem.REFUSED
        return Tried(answer.status_code, problem, _since(begun), _asked_wait(answer))

    async def _answered(
        self, url: httpx.URL, body: bytes, headers: Mapping[str, str], deadline: float
    ) -> httpx.Response:
        """The head of the answer. `deadline`: by the clock of the event loop."""
        if self._problem_of(str(url)) is not None:
            # It was allowed when it was stored.
            raise NotSentError(WebhookProblem.ADDRESS_NOT_ALLOWED)
        addresses = (await self._addresses_of(url))[:_MOST_ADDRESSES]
        for number, address in enumerate(addresses, 1):
            left = deadline - self._patience * _ENDING - asyncio.get_running_loop().time()
            # Those that are still to be tried have as much each.
            connecting = max(0.0, min(self._patience * _CONNECTING, left / (len(addresses) - number + 1) / 2))
            try:
                return await self._answered_at(address, url, body, headers, deadline, connecting)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise AssertionError("a name without addresses was refused before")

    async def _answered_at(
        self,
        address: str,
        url: httpx.URL,
        body: bytes,
        headers: Mapping[str, str],
        deadline: float,
        connecting: float,
    ) -> httpx.Response:
        """The same, of one address. `connecting`: seconds for TCP, and for TLS."""
        # The certificate is checked against the name, while the connection goes to the address.
        request = httpx.Request(
            "POST",
            url.copy_with(host=address),
            headers={
                "host": url.netloc.decode("ascii"),
                "content-type": "application/json",
                "user-agent": "Mandant-Webhooks",
                # What is compressed would have no bound.
                "accept-encoding": "identity",
                "connection": "close",
                **headers,
            },
            content=body,
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        timeout = httpx.Timeout(self._patience, connect=connecting)
        transport = httpx.AsyncHTTPTransport(verify=self._trusted(), trust_env=False)
        # Of its own for each: customers share no connection, and none is kept open for a day.
        async with httpx.AsyncClient(
            transport=transport, timeout=timeout, trust_env=False, follow_redirects=False
        ) as client:
            answer = await client.send(request, stream=True)
            try:
                with suppress(httpx.HTTPError, TimeoutError):
                    # The status counts, however slowly the rest comes.
                    async with asyncio.timeout_at(deadline - self._patience * _ENDING):
                        await _read_some(answer)
            finally:
                await answer.aclose()
        return answer

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            # Once for all: it reads hundreds of certificates.
            self._trust = ssl.create_default_context()
        return self._trust

    async def _addresses_of(self, url: httpx.URL) -> Sequence[str]:
        """The name's addresses, if all of them may be asked: those of IPv4 first."""
        literal = _literal(url)
        addresses = (
            [literal]
            if literal is not None
            else await self._dns.addresses(url.raw_host.decode("ascii"), self._patience * _LOOKING_UP)
        )
        if not addresses:
            raise NotSentError(WebhookProblem.NAME_NOT_FOUND)
        if not all(map(self._may_be_asked, addresses)):
            raise NotSentError(WebhookProblem.ADDRESS_NOT_ALLOWED)
        return addresses

    def _may_be_asked(self, address: str) -> bool:
        return self._private_addresses or is_public(address)


def _asked_wait(answer: httpx.Response) -> datetime.timedelta:
    wait = retry_after(answer.headers.get("retry-after")) if answer.status_code in _SAY_WHEN else None
    return datetime.timedelta(seconds=wait or 0)


async def _read_some(answer: httpx.Response) -> None:
    size = 0
    async for piece in answer.aiter_raw():
        size += len(piece)
        if size > _LONGEST_ANSWER:
            return


def _literal(url: httpx.URL) -> str | None:
    """The address in the URL; None where it has a name."""
    try:
        return str(ipaddress.ip_address(url.host))
    except ValueError:
        return None


def _port_of(url: httpx.URL) -> int:
    if url.port is not None:
        return url.port
    return 443 if url.scheme == "https" else 80


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
