"""The page of the local outbox, in a real browser."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, expect
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from resolvers.messages.transport import Envelope, Sms
from server.outbox.page import OutboxPages
from server.pages import Surroundings, assets, page_of_people
from server.transports.compose import compose
from server.transports.local_outbox import LocalOutbox, MailToOutbox, SmsToOutbox
from server.transports.mail import Mail, Mailbox
from tests.browser.visits import Visit
from tests.server.transports.test_composing import MAIL

_HOSTILE = """<html><head><title>x</title></head><body style="color: rgb(1, 2, 3)">
<script>parent.document.title = "taken"; document.body.innerHTML = "taken"</script>
<img src="http://127.0.0.1:{port}/pixel.png"><img src="/assets/x.png"><link rel="stylesheet" href="/x.css">
<form action="/outbox"><button>Send</button></form>
<a href="http://127.0.0.1:{port}/invitation#mdi_of_html">Accept</a></body></html>"""
"""Mail of somebody who would like to know more."""


@dataclass(frozen=True)
class OutboxVisit:
    """A tab at a server that has nothing but the outbox, and the page of an invitation."""

    outbox: LocalOutbox
    visit: Visit
    port: int
    other_origin: str
    """The same server on another port."""
    asked: set[str]
    """The paths that reached the server."""


@pytest.fixture
async def at_outbox(browser: Browser, tmp_path: Path) -> AsyncIterator[OutboxVisit]:
    outbox = LocalOutbox(tmp_path / "outbox")
    invitation = page_of_people("invitation", Surroundings(None, "http://localhost"))
    routes = [*OutboxPages(outbox).routes, Route("/invitation", invitation), assets]
    app, asked = Starlette(routes=routes), set[str]()

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        asked.add(scope["path"])
        await app(scope, receive, send)

    config = uvicorn.Config(noting, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    serving = asyncio.create_task(server.serve(sockets=listeners))
    port, other = [listener.getsockname()[1] for listener in listeners]
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(15_000)
    visit = Visit(await context.new_page(), f"http://127.0.0.1:{port}")
    visit.watch()
    yield OutboxVisit(outbox, visit, port, f"http://127.0.0.1:{other}", asked)
    await context.close()
    server.should_exit = True
    await serving
    for listener in listeners:
        listener.close()


async def _mail(at: OutboxVisit, subject: str, text: str, html: str | None = None) -> None:
    mail = Mail(
        sender=MAIL.sender,
        recipient=Mailbox("anna@example.com"),
        subject=subject,
        message_id=MAIL.message_id,
        date=MAIL.date,
        text=text,
        html=html,
    )
    envelope = Envelope(sender="b@bounce.example", recipient="anna@example.com", content=compose(mail))
    await MailToOutbox(at.outbox).hand_over(envelope)


async def test_a_link_in_a_mail_is_followed(at_outbox: OutboxVisit) -> None:
    page, url = at_outbox.visit.page, at_outbox.visit.server_url
    await SmsToOutbox(at_outbox.outbox).hand_over(
        Sms(id="1", sender="Verdant", recipient="+46701234567", text="Your code is 7")
    )
    await _mail(at_outbox, "You are invited", f"Open {url}/invitation#mdi_of_text\n")
    await page.goto(f"{url}/outbox")
    await expect(page.get_by_role("link")).to_have_text(["You are invited", "Your code is 7"])
    await page.get_by_role("link", name="Your code is 7").click()
    await expect(page.get_by_role("row", name="Parts")).to_contain_text("1 (GSM_7, 14 units)")
    await page.get_by_role("link", name="Outbox").click()
    await page.get_by_role("link", name="You are invited").click()
    async with page.context.expect_page() as opening:
        await page.get_by_role("link", name="#mdi_of_text").click()
    opened = await opening.value
    await opened.wait_for_url(f"{url}/invitation#mdi_of_text")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download the source").click()
    assert (await downloading.value).suggested_filename.endswith(".eml")
    at_outbox.visit.assert_clean()


async def test_html_of_a_mail_runs_nothing_and_loads_nothing(at_outbox: OutboxVisit) -> None:
    """Its styles and its links work."""
    page, url = at_outbox.visit.page, at_outbox.visit.server_url
    await _mail(at_outbox, "Hostile", "Text", _HOSTILE.format(port=at_outbox.port))
    await page.goto(f"{url}/outbox")
    await page.get_by_role("link", name="Hostile").click()
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_role("link", name="Accept")).to_have_css("color", "rgb(0, 0, 238)")
    await expect(frame.locator("body")).to_have_css("color", "rgb(1, 2, 3)")
    assert await page.title() == "Hostile - Outbox"
    await frame.get_by_role("button", name="Send").click()
    async with page.context.expect_page() as opening:
        await frame.get_by_role("link", name="Accept").click()
    await (await opening.value).wait_for_url(f"{url}/invitation#mdi_of_html")
    inner = page.frames[1]
    assert inner.url.endswith("/html"), "the form went nowhere"
    assert at_outbox.asked.isdisjoint({"/pixel.png", "/assets/x.png", "/x.css"})
    refused = [each for each in at_outbox.visit.complaints if "Content Security Policy" in each]
    assert len(refused) >= 3, at_outbox.visit.complaints


@pytest.mark.parametrize("path", ["/outbox", "/outbox/{id}", "/outbox/{id}/html", "/outbox/{id}/source"])
async def test_a_page_of_another_origin_learns_nothing(at_outbox: OutboxVisit, path: str) -> None:
    """It is on the same machine: another port is another origin."""
    page, url = at_outbox.visit.page, at_outbox.visit.server_url
    await _mail(at_outbox, "Secret", "Text", "<p>Secret</p>")
    path = path.format(id=at_outbox.outbox.newest(1)[0].id.hex)
    # It has no page of the name, and what it says instead is a page too.
    await page.goto(f"{at_outbox.other_origin}/none")
    read = await page.evaluate(
        """async address => {
            try { return await (await fetch(address)).text() } catch { return "refused" }
        }""",
        f"{url}{path}",
    )
    assert read == "refused"
    await page.evaluate(
        """address => new Promise(done => {
            const frame = document.createElement("iframe");
            frame.onload = done; frame.src = address; document.body.append(frame);
        })""",
        f"{url}{path}",
    )
    shown = [await frame.content() for frame in page.frames[1:]]
    assert all("Secret" not in each for each in shown)
