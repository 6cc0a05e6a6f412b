"""The outbox, with a real SMTP server on this machine."""

import asyncio
import datetime
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
import structlog
from aiosmtpd.controller import Controller
from sqlalchemy import RowMapping, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import new_id
from models.effects.outbox import outbox_messages
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.jobs.mail import Postman
from server.settings.settings import Settings
from tests.database.database import clone, drop, named


@dataclass
class Inbox:
    """What the SMTP server took; it refuses the first `refusals` messages."""

    refusals: int = 0
    messages: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusals:
            self.refusals -= 1
            return "451 Not now"
        self.messages.append(envelope.content)
        return "250 Taken"


@dataclass(frozen=True)
class MailServer:
    """A running SMTP server."""

    url: str
    inbox: Inbox


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield MailServer(f"smtp://127.0.0.1:{port}", inbox)
    controller.stop()


_OPEN = text("""
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
""")


@pytest.fixture
async def outbox(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """A database of this test's own, as the application: its outbox is empty."""
    name = await clone(addresses.owner)
    engine = connect_as_application(named(addresses.application, name), pool_size=5)
    yield engine
    await engine.dispose()
    await drop(addresses.owner, name)


async def _queue(outbox: AsyncEngine, recipient: str) -> None:
    values = {"id": new_id(), "recipient": recipient, "subject": "Grüße", "body": "A link: http://x/#secret"}
    async with outbox.begin() as connection:
        await connection.execute(insert(outbox_messages).values(values))


async def _only_message(outbox: AsyncEngine) -> RowMapping:
    async with outbox.connect() as connection:
        return (await connection.execute(select(outbox_messages))).mappings().one()


async def test_a_message_is_sent_once_and_its_secret_forgotten(
    outbox: AsyncEngine, mail_server: MailServer
) -> None:
    await _queue(outbox, "anna@example.com")
    settings = Settings(smtp_url=mail_server.url, mail_from="Mandant <no-reply@example.com>")
    assert await Postman(outbox, settings).send_one()
    assert not await Postman(outbox, settings).send_one()
    message = message_from_bytes(mail_server.inbox.messages[0], policy=default)
    assert (message["From"], message["To"], message["Subject"]) == (
        "Mandant <no-reply@example.com>",
        "anna@example.com",
        "Grüße",
    )
    assert message.get_content().strip() == "A link: http://x/#secret"
    row = await _only_message(outbox)
    assert row["sent_at"] is not None
    assert row["body"] is None


async def test_several_processes_never_send_the_same_message(
    outbox: AsyncEngine, mail_server: MailServer
) -> None:
    for number in range(4):
        await _queue(outbox, f"person{number}@example.com")
    postman = Postman(outbox, Settings(smtp_url=mail_server.url))
    sent = await asyncio.gather(*[postman.send_one() for _ in range(5)])
    while await postman.send_one():
        sent.append(True)
    recipients = sorted(message_from_bytes(message)["To"] for message in mail_server.inbox.messages)
    assert recipients == [f"person{number}@example.com" for number in range(4)]
    assert sent.count(True) == 4


async def test_a_silent_mail_server_holds_nobody_up(outbox: AsyncEngine) -> None:
    """No transaction is open while it is waited for: followers of the log would wait, too. Nobody else takes
    the message meanwhile."""
    await _queue(outbox, "anna@example.com")
    asked = asyncio.Event()
    open_ones = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    open_ones += " AND xact_start IS NOT NULL"

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(never, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        postman = Postman(outbox, Settings(smtp_url=f"smtp://127.0.0.1:{port}"))
        sending = asyncio.create_task(postman.send_one())
        await asked.wait()
        async with outbox.connect() as connection:
            assert (await connection.execute(_OPEN)).scalar_one() == 0
        assert not await postman.send_one()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await postman.close()
    row = await _only_message(outbox)
    assert (row["attempts"], row["sent_at"]) == (0, None)
    in_a_minute = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)
    assert row["next_attempt_at"] <= in_a_minute


async def test_what_is_refused_waits_and_is_tried_again(outbox: AsyncEngine, mail_server: MailServer) -> None:
    await _queue(outbox, "anna@example.com")
    mail_server.inbox.refusals = 1
    postman = Postman(outbox, Settings(smtp_url=mail_server.url))
    assert await postman.send_one()
    row = await _only_message(outbox)
    assert (row["attempts"], row["sent_at"]) == (1, None)
    assert "451" in row["last_error"]
    assert row["next_attempt_at"] > datetime.datetime.now(datetime.UTC)
    assert not await postman.send_one()
    assert mail_server.inbox.messages == []
    async with outbox.begin() as connection:
        await connection.execute(update(outbox_messages).values(next_attempt_at=func.now()))
    assert await postman.send_one()
    assert len(mail_server.inbox.messages) == 1


async def test_what_is_no_mail_stops_nothing_behind_it(outbox: AsyncEngine, mail_server: MailServer) -> None:
    await _queue(outbox, "two words@example.com")
    await _queue(outbox, "anna@example.com")
    postman = Postman(outbox, Settings(smtp_url=mail_server.url))
    assert [await postman.send_one() for _ in range(3)] == [True, True, False]
    (message,) = mail_server.inbox.messages
    assert message_from_bytes(message)["To"] == "anna@example.com"
    assert message_from_bytes(message)["Date"]


async def test_a_mail_server_that_is_away_does_not_lose_the_message(outbox: AsyncEngine) -> None:
    await _queue(outbox, "anna@example.com")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert await Postman(outbox, Settings(smtp_url=f"smtp://127.0.0.1:{port}")).send_one()
    row = await _only_message(outbox)
    assert (row["attempts"], row["sent_at"]) == (1, None)
    assert row["body"] is not None


@pytest.mark.parametrize(("log_links", "body"), [(False, None), (True, "A link: http://x/#secret")])
async def test_without_a_mail_server_the_log_tells_of_it_once(
    outbox: AsyncEngine, log_links: bool, body: str | None
) -> None:
    """With its recipient and its link, which lets in whoever reads it, only where that is asked for."""
    await _queue(outbox, "anna@example.com")
    postman = Postman(outbox, Settings(smtp_url=None, log_links=log_links))
    with structlog.testing.capture_logs() as lines:
        await postman.show_new()
        await postman.show_new()
    (line,) = lines
    assert line["message"] == str((await _only_message(outbox))["id"])
    assert line.get("body") == body
    assert (("secret" in str(lines)), ("anna@example.com" in str(lines))) == (log_links, log_links)
