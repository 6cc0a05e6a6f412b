"""`/outbox`: the e-mails and SMS of the local outbox, as they would have reached their recipients.

They hold links that let people in. So the page is only there where the server runs for this machine alone
(`server.settings.local`), and answers no page of another origin, nor what came through a proxy.
"""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
from html import escape
from http import HTTPStatus
from typing import Final, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from engine.text.numbers import counted
from server.outbox.reading import Entry, ShownMail, ShownSms, read_entry, read_mail, read_sms
from server.pages.documents import fill_template, page_headers
from server.pages.files import own_address
from server.transports.local_outbox import Form, KeptFile, LocalOutbox

T = TypeVar("T")

_in_thread = asyncio.to_thread
"""For what waits for the disk, and parses mail."""

PATH: Final = "/outbox"
_ON_A_PAGE = 50

_LINK = re.compile(r"https?://[^\s<>\"]+")
_FROM_A_PROXY = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
_NOT_SHARED = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}
_OF_HTML = {
    **_NOT_SHARED,
    "Content-Security-Policy": "; ".join(
        (
            "sandbox allow-popups allow-popups-to-escape-sandbox",
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            "img-src data:",
            "font-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""It runs nothing, loads nothing from elsewhere, and has no origin."""


class OutboxPages:
    """Of one process."""

    def __init__(self, outbox: LocalOutbox) -> None:
        self._outbox = outbox
        self.routes = [
            Route(PATH, _for_this_machine(self._list), methods=["GET"]),
            Route(f"{PATH}/{{id}}", _for_this_machine(self._message), methods=["GET"]),
            Route(f"{PATH}/{{id}}/html", _for_this_machine(self._html), methods=["GET"]),
            Route(f"{PATH}/{{id}}/source", _for_this_machine(self._source), methods=["GET"]),
        ]

    async def _list(self, request: Request) -> Response:
        text = request.query_params.get("before")
        before = None if text is None else _id(text)
        entries, more = await _in_thread(self._entries, before)
        rows = "\n".join(map(_row, entries)) or '<tr><td colspan="3">Nothing is here.</td></tr>'
        links = [] if before is None else [f'<a href="{PATH}">The newest</a>']
        if more is not None:
            links.append(f'<a href="{PATH}?before={more.id.hex}">Older ones</a>')
        return _page("outbox.html", {}, {"rows": rows, "links": " ".join(links)})

    def _entries(self, before: uuid.UUID | None) -> tuple[list[Entry], KeptFile | None]:
        """A page, and its last message if others follow."""
        found = self._outbox.newest(_ON_A_PAGE + 1, before)
        shown = found[:_ON_A_PAGE]
        entries = [entry for kept in shown if (entry := read_entry(self._outbox, kept)) is not None]
        return entries, shown[-1] if len(found) > _ON_A_PAGE else None

    async def _message(self, request: Request) -> Response:
        kept = await self._kept(request)
        if kept.form is Form.SMS:
            sms = await _in_thread(read_sms, self._outbox, kept)
            return _sms_page(kept, _found(sms))
        mail = await _in_thread(read_mail, self._outbox, kept)
        return _mail_page(kept, _found(mail))

    async def _html(self, request: Request) -> Response:
        kept = await self._kept(request)
        if kept.form is not Form.EMAIL:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        mail = _found(await _in_thread(read_mail, self._outbox, kept))
        return HTMLResponse(_found(mail.html), headers=_OF_HTML)

    async def _source(self, request: Request) -> Response:
        kept = await self._kept(request)
        content = _found(await _in_thread(self._outbox.read, kept))
        return Response(
            content,
            media_type="message/rfc822" if kept.form is Form.EMAIL else "application/json",
            headers={
                **_NOT_SHARED,
                "Content-Disposition": f'attachment; filename="{kept.name}"',
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def _kept(self, request: Request) -> KeptFile:
        return _found(await _in_thread(self._outbox.find, _id(request.path_params["id"])))


_Answer = Callable[[Request], Awaitable[Response]]


def _for_this_machine(answer: _Answer) -> _Answer:
    """404 for what came through a proxy, 403 for what another page asks for; people may follow a link."""

    async def checked(request: Request) -> Response:
        if any(name in request.headers for name in _FROM_A_PROXY):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        is_foreign = request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
        if is_foreign and request.headers.get("sec-fetch-dest") != "document":
            raise HTTPException(HTTPStatus.FORBIDDEN)
        return await answer(request)

    return checked


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(hex=text)
    except ValueError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None


def _found(value: T | None) -> T:
    if value is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return value


def _row(entry: Entry) -> str:
    subject = escape(entry.subject) or "(no subject)"
    return (
        f"<tr><td>{entry.at:%Y-%m-%d %H:%M:%S} UTC</td><td>{escape(entry.recipient)}</td>"
        f'<td><a href="{PATH}/{entry.kept.id.hex}">{subject}</a></td></tr>'
    )


def _mail_page(kept: KeptFile, mail: ShownMail) -> Response:
    headers = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in mail.headers
    )
    html = "" if mail.html is None else _frame(kept)
    text = "" if mail.text is None else f"<h2>Text</h2>\n<pre>{_linked(mail.text)}</pre>"
    files = "".join(
        f"<li>{escape(file.name)}: {escape(file.type)}, {counted(file.size, 'byte')}</li>"
        for file in mail.files
    )
    body = "\n".join((text, html, f"<h2>Attachments</h2>\n<ul>{files}</ul>" if files else ""))
    return _message_page(kept, mail.subject or "(no subject)", headers, body)


def _frame(kept: KeptFile) -> str:
    return (
        f'<h2>HTML</h2>\n<iframe title="HTML of the message" src="{PATH}/{kept.id.hex}/html" '
        'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )


def _sms_page(kept: KeptFile, sms: ShownSms) -> Response:
    parts = f"{sms.size.parts} ({sms.size.encoding.value}, {counted(sms.size.units, 'unit')})"
    headers = "\n".join(
        f'<tr><th scope="row">{name}</th><td>{escape(value)}</td></tr>'
        for name, value in (("From", sms.sender), ("To", sms.recipient), ("Parts", parts))
    )
    return _message_page(kept, "SMS", headers, f"<h2>Text</h2>\n<pre>{_linked(sms.text)}</pre>")


def _message_page(kept: KeptFile, title: str, headers: str, body: str) -> Response:
    text = {"title": title, "source": f"{PATH}/{kept.id.hex}/source", "outbox": PATH}
    return _page("outbox-message.html", text, {"headers": headers, "body": body})


def _page(template: str, text: dict[str, str], markup: dict[str, str]) -> Response:
    own = {"icon": own_address("icon.svg"), "page_style": own_address("outbox.css")}
    body = fill_template(template, text=own | text, markup=markup)
    return HTMLResponse(body, headers=page_headers(frames=True) | _NOT_SHARED)


def _linked(text: str) -> str:
    """The text, in which addresses are links."""
    pieces, at = [], 0
    for link in _LINK.finditer(text):
        address = link.group().rstrip(".,;:!?)")
        pieces.append(escape(text[at : link.start()]))
        pieces.append(f'<a href="{escape(address)}" rel="noreferrer" target="_blank">{escape(address)}</a>')
        at = link.start() + len(address)
    return "".join((*pieces, escape(text[at:])))
