"""The links in messages: `/o/<token>`, a picture; `/c/<token>`, which leads on; `/u/<token>`, which
unsubscribes.

A token is signed, so nothing is looked up to answer a picture or a click. A token that was changed is 404: it
leads nowhere. Only a POST unsubscribes (RFC 8058): programs that look at links send none.
"""

import asyncio
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from authz.policy.refusals import RateLimited, Refusal, TryLater
from engine.writes.sessions import WriteSessions
from resolvers.effects.attempts import place_of
from resolvers.messages.events.by_link import unsubscribe_by, unsubscribe_page_of
from resolvers.messages.tracking.links import CLICK_PATH, OPEN_PATH, UNSUBSCRIBE_PATH
from resolvers.messages.tracking.signers import SignerSource
from resolvers.templates.tracking_links import LinkUse, TrackedLink
from server.failures.errors import record_failure
from server.fairness.gate import FairGate, Share, Side
from server.http.request import RequestHead
from server.pages.languages import Language, preferred
from server.pages.unsubscribe import UnsubscribeState, unsubscribe_page
from server.tracking.per_minute import PerMinute
from server.tracking.uses import LinkUses

_PICTURE = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
"""A GIF of one transparent pixel."""
_NOT_KEPT = {
    "cache-control": "no-store, private",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
_AT_ONCE = 4
"""That use the database, of the connections that write."""
_WAITING = Share(principal=64, tree=64, place=256)
_PATIENCE = 5.0
_PATIENCE_FOR_A_SETTING = 2.0
"""Seconds, after which our own page is shown."""
_MOST_OF_A_MESSAGE = 10
"""In a minute. To unsubscribe once is enough."""
_PARAMETER = "unsubscribe"


class LinkPages:
    """Of one process. `public_url`: where the server is reached, without a slash at the end."""

    def __init__(
        self, sessions: WriteSessions, signers: SignerSource, public_url: str, uses: LinkUses
    ) -> None:
        self._sessions = sessions
        self._signers = signers
        self._public_url = public_url
        self._uses = uses
        self._gate = FairGate(_AT_ONCE, None, _WAITING, _PATIENCE)
        self._limit = PerMinute(_MOST_OF_A_MESSAGE)
        self.routes = [
            Route(f"{OPEN_PATH}{{token}}", self._open, methods=["GET"]),
            Route(f"{CLICK_PATH}{{token}}", self._click, methods=["GET"]),
            Route(f"{UNSUBSCRIBE_PATH}{{token}}", self._unsubscribe, methods=["GET", "POST"]),
        ]

    async def _open(self, request: Request) -> Response:
        link = self._link(request, LinkUse.OPEN)
        if link is None:
            return _not_found()
        if request.method == "GET":
            self._uses.note(link)
        return Response(_PICTURE, HTTPStatus.OK, _NOT_KEPT, "image/gif")

    async def _click(self, request: Request) -> Response:
        link = self._link(request, LinkUse.CLICK)
        if link is None or link.click is None:
            return _not_found()
        if request.method == "GET":
            self._uses.note(link)
        return RedirectResponse(link.click.url, HTTPStatus.FOUND, _NOT_KEPT)

    async def _unsubscribe(self, request: Request) -> Response:
        link = self._link(request, LinkUse.UNSUBSCRIBE)
        if link is None:
            return unsubscribe_page(UnsubscribeState.UNKNOWN, _language(request), HTTPStatus.NOT_FOUND)
        if request.method == "POST":
            return await self._unsubscribed(request, link)
        own_page = None if request.method == "HEAD" else await self._page_of_account(request, link)
        if own_page is None:
            return unsubscribe_page(UnsubscribeState.ASKED, _language(request))
        return RedirectResponse(self._with_link(own_page, request), HTTPStatus.FOUND, _NOT_KEPT)

    async def _unsubscribed(self, request: Request, link: TrackedLink) -> Response:
        """It says that it is done once it is committed."""
        if not self._limit.allows(link.message_id):
            return _not_yet(request, HTTPStatus.TOO_MANY_REQUESTS, 60)
        try:
            async with self._gate.place(_caller(request)), self._sessions.begin() as session:
                is_known = await unsubscribe_by(session, link)
        except RateLimited as refusal:
            return _not_yet(request, HTTPStatus.TOO_MANY_REQUESTS, refusal.retry_after)
        except TryLater as refusal:
            return _not_yet(request, HTTPStatus.SERVICE_UNAVAILABLE, refusal.retry_after)
        except Exception as error:
            return _not_yet(request, HTTPStatus.SERVICE_UNAVAILABLE, record_failure(error).retry_after or 1)
        if not is_known:
            return unsubscribe_page(UnsubscribeState.UNKNOWN, _language(request), HTTPStatus.NOT_FOUND)
        return unsubscribe_page(UnsubscribeState.DONE, _language(request))

    async def _page_of_account(self, request: Request, link: TrackedLink) -> str | None:
        """None: it has none, or the database is slow. Our own page does as well."""
        try:
            async with (
                asyncio.timeout(_PATIENCE_FOR_A_SETTING),
                self._gate.place(_caller(request)),
                self._sessions.begin() as session,
            ):
                return await unsubscribe_page_of(session, link.account_id)
        except (TimeoutError, TryLater):
            return None
        except Exception as error:
            record_failure(error)
            return None

    def _with_link(self, page: str, request: Request) -> str:
        """The account's page, told in its query where a POST unsubscribes."""
        target = f"{self._public_url}{UNSUBSCRIBE_PATH}{request.path_params['token']}"
        parts = urlsplit(page)
        query = "&".join(filter(None, (parts.query, urlencode({_PARAMETER: target}))))
        return urlunsplit(parts._replace(query=query))

    def _link(self, request: Request, use: LinkUse) -> TrackedLink | None:
        try:
            link = self._signers().links.read(request.path_params["token"])
        except Refusal:  # without secrets nobody has signed anything
            return None
        return link if link is not None and link.use is use else None


def _caller(request: Request) -> tuple[tuple[Side, str], ...]:
    return ((Side.PLACE, place_of(RequestHead.of(request.scope).client_address)),)


def _not_found() -> Response:
    return PlainTextResponse("This link is not valid.", HTTPStatus.NOT_FOUND, _NOT_KEPT)


def _not_yet(request: Request, status: HTTPStatus, retry_after: int) -> Response:
    later = {"retry-after": str(retry_after)}
    return unsubscribe_page(UnsubscribeState.FAILED, _language(request), status, later)


def _language(request: Request) -> Language:
    return preferred(request.headers.get("accept-language", ""))
