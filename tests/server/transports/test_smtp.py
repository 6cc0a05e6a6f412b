"""Mail over SMTP, with real servers on this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from resolvers.messages.transport import Envelope, Handed, Verdict
from server.transports.smtp import SmtpServer, SmtpTransport


@dataclass
class Mailbox:
    """What the server took, by connections; it answers with the next of `answers`, if there is one."""

    answers: list[str] = field(default_factory=list)
    at_sender: str | None = None
    at_recipient: str | None = None
    connections: set[object] = field(default_factory=set)
    recipients: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.at_sender is not None:
            return self.at_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.at_recipient is not None:
            answer, self.at_recipient = self.at_recipient, None
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 Taken"
        if answer == "end":
            server.transport.abort()
            return "250 Never heard"
        if answer.startswith("2"):
            self.recipients += envelope.rcpt_tos
            self.connections.add(session.peer)
            self.options = envelope.mail_options
        return answer


@dataclass(frozen=True)
class Site:
    """A running server and a transport to it."""

    mailbox: Mailbox
    transport: SmtpTransport
    end_connections: Callable[[], None]

    async def send(self, recipient: str = "anna@example.com", subject: str = "Hello") -> Handed:
        content = f"Subject: {subject}\r\n\r\n.A line that begins with a döt\r\n".encode()
        envelope = Envelope(sender="us@example.com", recipient=recipient, content=content)
        return await self.transport.hand_over(envelope)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    mailbox, made = Mailbox(), list[SMTP]()

    def accept() -> SMTP:
        made.append(SMTP(mailbox, enable_SMTPUTF8=True))
        return made[-1]

    def end_connections() -> None:
        for each in made:
            if isinstance(each.transport, asyncio.WriteTransport):
                each.transport.abort()

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = SmtpTransport(SmtpServer.of(f"smtp://127.0.0.1:{port}"), most=2, patience=2)
    async with server:
        yield Site(mailbox, transport, end_connections)
        await transport.close()
        end_connections()


async def test_many_messages_share_a_connection(site: Site) -> None:
    for number in range(5):
        assert (await site.send(f"person{number}@example.com")).verdict is Verdict.ACCEPTED
    assert site.mailbox.recipients == [f"person{number}@example.com" for number in range(5)]
    assert len(site.mailbox.connections) == 1


async def test_at_once_there_are_no_more_connections_than_allowed(site: Site) -> None:
    handed = await asyncio.gather(*[site.send(f"person{number}@example.com") for number in range(8)])
    assert {each.verdict for each in handed} == {Verdict.ACCEPTED}
    assert sorted(site.mailbox.recipients) == [f"person{number}@example.com" for number in range(8)]
    assert len(site.mailbox.connections) <= 2


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("451 Not now", Verdict.LATER),
        ("550 Nobody here", Verdict.REFUSED),
        ("550 5.1.1 Nobody here", Verdict.BOUNCED),
        ("421 Bye", Verdict.LATER),
    ],
)
async def test_what_the_server_says_of_a_message(site: Site, answer: str, verdict: Verdict) -> None:
    """And the next message goes its way."""
    site.mailbox.answers = [answer]
    handed = await site.send()
    assert (handed.verdict, handed.answer) == (verdict, answer)
    assert (await site.send()).verdict is Verdict.ACCEPTED
    assert len(site.mailbox.recipients) == 1


@pytest.mark.parametrize(
    ("answer", "verdict", "status"),
    [
        ("450 Not now", Verdict.LATER, None),
        ("550 Nobody", Verdict.BOUNCED, "5.0.0"),
        ("550 5.1.1 Nobody", Verdict.BOUNCED, "5.1.1"),
        ("554 5.7.1 Relay access denied", Verdict.REFUSED, None),
    ],
)
async def test_what_the_server_says_of_a_recipient(
    site: Site, answer: str, verdict: Verdict, status: str | None
) -> None:
    site.mailbox.at_recipient = answer
    assert await site.send() == Handed(verdict, answer, status=status)
    assert (await site.send()).verdict is Verdict.ACCEPTED
    assert len(site.mailbox.connections) == 1


async def test_what_the_server_says_of_the_sender_is_no_bounce(site: Site) -> None:
    site.mailbox.at_sender = "550 5.1.1 Nobody"
    assert await site.send() == Handed(Verdict.REFUSED, "550 5.1.1 Nobody")
    site.mailbox.at_sender = None
    assert (await site.send()).verdict is Verdict.ACCEPTED


async def test_a_connection_that_ends_before_the_answer_leaves_a_doubt(site: Site) -> None:
    """The server may have taken it: to try again may deliver it twice."""
    site.mailbox.answers = ["end"]
    assert (await site.send()).verdict is Verdict.UNKNOWN
    assert (await site.send()).verdict is Verdict.ACCEPTED


async def test_a_connection_that_ended_while_it_waited_is_not_noticed(site: Site) -> None:
    assert (await site.send("one@example.com")).verdict is Verdict.ACCEPTED
    site.end_connections()
    await asyncio.sleep(0.1)
    assert (await site.send("two@example.com")).verdict is Verdict.ACCEPTED
    assert site.mailbox.recipients == ["one@example.com", "two@example.com"]
    assert len(site.mailbox.connections) == 2


async def test_addresses_in_other_letters(site: Site) -> None:
    assert (await site.send("grüße@example.com")).verdict is Verdict.ACCEPTED
    assert site.mailbox.recipients == ["grüße@example.com"]
    assert "SMTPUTF8" in site.mailbox.options


async def test_headers_in_other_letters(site: Site) -> None:
    assert (await site.send(subject="Grüße")).verdict is Verdict.ACCEPTED
    assert "SMTPUTF8" in site.mailbox.options
    assert (await site.send()).verdict is Verdict.ACCEPTED
    assert "SMTPUTF8" not in site.mailbox.options


async def test_nobody_listens() -> None:
    transport = SmtpTransport(SmtpServer.of("smtp://127.0.0.1:1"))
    envelope = Envelope(sender="us@example.com", recipient="anna@example.com", content=b"\r\n")
    handed = await transport.hand_over(envelope)
    assert handed.verdict is Verdict.LATER
    assert "Error" in handed.answer


async def test_a_silent_server_is_given_up() -> None:
    gone = asyncio.Event()

    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = SmtpTransport(SmtpServer.of(f"smtp://127.0.0.1:{port}"), patience=0.2)
    envelope = Envelope(sender="us@example.com", recipient="anna@example.com", content=b"\r\n")
    async with server:
        assert (await transport.hand_over(envelope)).verdict is Verdict.LATER
        await gone.wait()
