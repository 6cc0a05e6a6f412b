"""The local outbox: a bounded folder, and a page that only people on this machine read."""

import email
import email.policy
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from starlette.applications import Starlette

from resolvers.messages.transport import Envelope, Sms, Verdict
from server.outbox.page import OutboxPages
from server.transports.compose import compose
from server.transports.local_outbox import Form, KeptFile, LocalOutbox, MailToOutbox, SmsToOutbox
from server.transports.mail import Attachment, Mail
from tests.server.transports.test_composing import MAIL, MAILS


@dataclass(frozen=True)
class Site:
    """A folder, and who reads its page."""

    folder: Path
    outbox: LocalOutbox
    reader: httpx.AsyncClient

    async def mail(self, mail: Mail) -> str:
        """Hand a mail over. Returns its path."""
        envelope = Envelope(sender="b@bounce.example", recipient="anna@example.com", content=compose(mail))
        assert (await MailToOutbox(self.outbox).hand_over(envelope)).verdict is Verdict.ACCEPTED
        return self._newest()

    async def sms(self, text: str) -> str:
        """Hand an SMS over. Returns its path."""
        sms = Sms(id="1", sender="Verdant", recipient="+46701234567", text=text)
        assert (await SmsToOutbox(self.outbox).hand_over(sms)).verdict is Verdict.ACCEPTED
        return self._newest()

    def _newest(self) -> str:
        (kept,) = self.outbox.newest(1)
        return f"/outbox/{kept.id.hex}"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    folder = tmp_path / "outbox"
    outbox = LocalOutbox(folder)
    transport = httpx.ASGITransport(Starlette(routes=OutboxPages(outbox).routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as reader:
        yield Site(folder, outbox, reader)


async def test_a_mail_is_shown_as_its_reader_would_see_it(site: Site) -> None:
    files = [Attachment(name="plan.pdf", type="application/pdf", content=b"%PDF")]
    link = "http://localhost/invitation#mdi_a&b"
    mail = replace(MAIL, subject="Grüße <b>", text=f"Open {link}.\n<i>", html="<p>Hi</p>", attachments=files)
    path = await site.mail(mail)
    listed = (await site.reader.get("/outbox")).text
    assert f'<td>anna@example.com</td><td><a href="{path}">Grüße &lt;b&gt;</a>' in listed
    shown = (await site.reader.get(path)).text
    address = "http://localhost/invitation#mdi_a&amp;b"
    assert f'Open <a href="{address}" rel="noreferrer" target="_blank">{address}</a>.' in shown
    assert "&lt;i&gt;" in shown
    assert '<th scope="row">Delivered-To</th><td>anna@example.com</td>' in shown
    assert "plan.pdf: application/pdf, 4 bytes" in shown
    assert f'src="{path}/html" sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown
    html = await site.reader.get(f"{path}/html")
    assert html.text.strip() == '<base target="_blank"><p>Hi</p>'
    source = await site.reader.get(f"{path}/source")
    assert source.headers["content-disposition"].startswith("attachment")
    head = b"Return-Path: <b@bounce.example>\r\nDelivered-To: anna@example.com\r\nFrom: "
    assert source.content.startswith(head)


async def test_an_sms_is_shown_with_its_parts(site: Site) -> None:
    path = await site.sms("🔥 https://example.com " * 10)
    shown = (await site.reader.get(path)).text
    assert "4 (UCS_2, 230 units)" in shown
    assert shown.count('<a href="https://example.com"') == 10
    assert (await site.reader.get(f"{path}/html")).status_code == 404
    assert (await site.reader.get(f"{path}/source")).json()["to"] == "+46701234567"


async def test_pages_follow_each_other(site: Site) -> None:
    for number in range(120):
        site.outbox.keep(Form.SMS, b'{"to": "+46", "from": "V", "text": "number %d"}' % number)
    path, seen = "/outbox", list[str]()
    for length in (50, 50, 20):
        page = (await site.reader.get(path)).text
        found = re.findall(r">(number \d+)<", page)
        assert len(found) == length
        seen += found
        older = re.search(r'href="([^"]+)">Older', page)
        path = "" if older is None else older[1]
    assert (path, seen) == ("", [f"number {number}" for number in reversed(range(120))])


@pytest.mark.parametrize(
    ("most_messages", "most_bytes", "left"), [(10, 1_000_000, 10), (1_000, 5_000, 5), (1_000, 0, 0)]
)
def test_the_folder_is_bounded(tmp_path: Path, most_messages: int, most_bytes: int, left: int) -> None:
    outbox = LocalOutbox(tmp_path, most_messages, most_bytes)
    for number in range(100):
        outbox.keep(Form.EMAIL, b"Subject: %03d\r\n" % number + b"x" * 985)
    kept = [outbox.read(each) for each in outbox.newest(1_000)]
    numbers = [99 - number for number in range(left)]
    assert kept == [b"Subject: %03d\r\n" % number + b"x" * 985 for number in numbers]


async def test_nobody_else_reads_the_files(site: Site) -> None:
    """They hold links that let people in."""
    await site.sms("Hello")
    (file,) = site.folder.iterdir()
    assert (site.folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


async def test_a_folder_that_cannot_be_written_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("No folder")
    sms = Sms(id="1", sender="Verdant", recipient="+46701234567", text="Hello")
    handed = await SmsToOutbox(LocalOutbox(tmp_path / "outbox")).hand_over(sms)
    assert handed.verdict is Verdict.LATER


async def test_what_is_not_there_is_not_found(site: Site) -> None:
    path = await site.sms("Hello")
    gone = KeptFile(site.outbox.newest(1)[0].id, Form.EMAIL)
    assert site.outbox.read(gone) is None
    (site.folder / "notes.txt").write_text("Not of the outbox")
    others = ("x", "..%2f..%2fsecret.key", "notes.txt", "0" * 32, path.removeprefix("/outbox/") + ".sms")
    for other in others:
        assert (await site.reader.get(f"/outbox/{other}/source")).status_code == 404, other
    assert (await site.reader.get("/outbox", params={"before": "x"})).status_code == 404


_SAME = {"sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe"}
_FOREIGN_LINK = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}


async def test_no_page_of_another_origin_reads_it(site: Site) -> None:
    """Nor what comes from elsewhere through a proxy."""
    path = await site.mail(replace(MAIL, html="<script>alert(1)</script>"))
    paths = ("/outbox", path, f"{path}/html", f"{path}/source")
    answers = {
        200: ({}, _SAME, _FOREIGN_LINK, {"sec-fetch-site": "none", "sec-fetch-dest": "document"}),
        403: tuple(
            {"sec-fetch-site": site_, "sec-fetch-dest": dest}
            for site_ in ("cross-site", "same-site")
            for dest in ("iframe", "script", "empty", "image")
        ),
        404: tuple({name: "10.0.0.7"} for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP")),
    }
    for each in paths:
        for status, heads in answers.items():
            for head in heads:
                assert (await site.reader.get(each, headers=head)).status_code == status, (each, head)
        answer = await site.reader.get(each, headers={"origin": "https://other.example"})
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        assert ("unsafe-inline" in policy) == each.endswith("/html"), "mail has styles of its own"
        frames = {"/html": "frame-ancestors 'self'", "ource": "sandbox"}.get(
            each[-5:], "frame-ancestors 'none'"
        )
        assert frames in policy


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(MAILS)
async def test_any_mail_is_shown(site: Site, mail: Mail) -> None:
    path = await site.mail(mail)
    for each in ("/outbox", path):
        assert (await site.reader.get(each)).status_code == 200
    source = (await site.reader.get(f"{path}/source")).content
    assert email.message_from_bytes(source, policy=email.policy.default)["Message-ID"]
