"""Each domain of recipients has its own share, and rests by itself, with a real mail server."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from resolvers.messages.transport import Envelope, Handed, Verdict
from server.transports.by_place import ByPlace, domain_of
from server.transports.smtp import SmtpServer, SmtpTransport
from tests.waiting import until

_MOST = 2
_REST = 0.2


@dataclass
class Mailbox:
    """Stalls at what comes for `stalled`, until it shall go on, and answers with `answers` for a domain."""

    stalled: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    tried: Counter[str] = field(default_factory=Counter)
    at_once: Counter[str] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        domain = recipient.rpartition("@")[2]
        self.tried[domain] += 1
        self.at_once[domain] += 1
        self.most_at_once[domain] = max(self.most_at_once[domain], self.at_once[domain])
        await asyncio.sleep(0.01)
        if domain in self.stalled:
            await self.go_on.wait()
        self.at_once[domain] -= 1
        answer = self.answers.get(domain, "250 Taken")
        if answer == "end":
            server.transport.abort()
        return answer


@dataclass(frozen=True)
class Site:
    """A running server and a transport to it."""

    mailbox: Mailbox
    transport: ByPlace[Envelope]

    async def send(self, domain: str) -> Handed:
        content = b"Subject: Hello\r\n\r\nHello\r\n"
        recipient = f"anna@{domain}"
        envelope = Envelope(sender="us@example.com", recipient=recipient, content=content)
        return await self.transport.hand_over(envelope)

    async def send_many(self, domain: str, many: int) -> Counter[Verdict]:
        handed = await asyncio.gather(*[self.send(domain) for _ in range(many)])
        return Counter(each.verdict for each in handed)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    mailbox, made = Mailbox(), list[SMTP]()

    def accept() -> SMTP:
        made.append(SMTP(mailbox))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    inner = SmtpTransport(SmtpServer.of(f"smtp://127.0.0.1:{port}"), most=8, patience=2)
    rests = {"first_rest": _REST, "longest_rest": 4 * _REST}
    transport = ByPlace(inner, domain_of, most=_MOST, **rests, most_remembered=3)
    async with server:
        yield Site(mailbox, transport)
        mailbox.go_on.set()
        await transport.close()
        for each in made:
            if isinstance(each.transport, asyncio.WriteTransport):
                each.transport.abort()


async def test_a_domain_has_no_more_than_its_share(site: Site) -> None:
    """What is neither under way nor may wait is told when to come again."""
    assert await site.send_many("a.example", 2 * _MOST) == {Verdict.ACCEPTED: 2 * _MOST}
    handed = await asyncio.gather(*[site.send("a.example") for _ in range(20)])
    verdicts = Counter(each.verdict for each in handed)
    assert verdicts == {Verdict.ACCEPTED: 2 * _MOST, Verdict.LATER: 20 - 2 * _MOST}
    assert {each.retry_after for each in handed if each.verdict is Verdict.LATER} == {_REST}
    assert site.mailbox.most_at_once["a.example"] == _MOST
    assert site.transport.remembered == 0


async def test_a_stalled_domain_holds_only_its_own(site: Site) -> None:
    site.mailbox.stalled = {"slow.example"}
    held = [asyncio.create_task(site.send("slow.example")) for _ in range(10)]
    await asyncio.sleep(0.1)
    assert sum(task.done() for task in held) == 10 - 2 * _MOST
    for _ in range(5):
        for domain in ("a.example", "b.example", "c.example"):
            assert (await asyncio.wait_for(site.send(domain), 1)).verdict is Verdict.ACCEPTED
    assert site.mailbox.at_once["slow.example"] == _MOST
    site.mailbox.go_on.set()
    verdicts = Counter(each.verdict for each in await asyncio.gather(*held))
    assert verdicts == {Verdict.ACCEPTED: 2 * _MOST, Verdict.LATER: 10 - 2 * _MOST}


async def test_a_domain_whose_server_falls_silent_rests(site: Site) -> None:
    """Those that wait for it are told at once, and not after a try of their own."""
    site.mailbox.stalled = {"slow.example"}
    handed = await asyncio.gather(*[site.send("slow.example") for _ in range(2 * _MOST)])
    assert Counter(each.verdict for each in handed) == {Verdict.UNKNOWN: _MOST, Verdict.LATER: _MOST}
    assert site.mailbox.tried["slow.example"] == _MOST
    assert (await site.send("a.example")).verdict is Verdict.ACCEPTED


async def test_rests_double_until_something_is_taken(site: Site) -> None:
    site.mailbox.answers = {"busy.example": "451 Not now"}
    for rest in (_REST, 2 * _REST, 4 * _REST, 4 * _REST):
        tried = site.mailbox.tried["busy.example"]
        handed = await site.send("busy.example")
        assert (handed.verdict, handed.answer) == (Verdict.LATER, "451 Not now")
        assert handed.retry_after == pytest.approx(rest, abs=0.05)
        at_rest = await site.send("busy.example")
        assert at_rest.verdict is Verdict.LATER
        assert 0 < (at_rest.retry_after or 0) <= rest
        assert site.mailbox.tried["busy.example"] == tried + 1
        assert (await site.send("a.example")).verdict is Verdict.ACCEPTED
        await asyncio.sleep(rest)
    site.mailbox.answers = {}
    assert (await site.send("busy.example")).verdict is Verdict.ACCEPTED
    site.mailbox.answers = {"busy.example": "451 Not now"}
    assert (await site.send("busy.example")).retry_after == pytest.approx(_REST, abs=0.05)


async def test_many_that_fail_at_once_are_one_rest(site: Site) -> None:
    site.mailbox.answers = {"busy.example": "451 Not now"}
    assert await site.send_many("busy.example", 2 * _MOST) == {Verdict.LATER: 2 * _MOST}
    assert site.mailbox.tried["busy.example"] == _MOST
    await asyncio.sleep(_REST)
    assert (await site.send("busy.example")).retry_after == pytest.approx(2 * _REST, abs=0.05)


async def test_after_a_rest_one_message_goes_first(site: Site) -> None:
    site.mailbox.answers = {"busy.example": "451 Not now"}
    await site.send("busy.example")
    await asyncio.sleep(_REST)
    site.mailbox.answers, site.mailbox.stalled = {}, {"busy.example"}
    tasks = [asyncio.create_task(site.send("busy.example")) for _ in range(1 + _MOST)]
    await asyncio.sleep(0.1)
    assert site.mailbox.at_once["busy.example"] == 1
    site.mailbox.go_on.set()
    assert {each.verdict for each in await asyncio.gather(*tasks)} == {Verdict.ACCEPTED}
    site.mailbox.go_on.clear()
    tasks = [asyncio.create_task(site.send("busy.example")) for _ in range(_MOST)]

    async def both_are_under_way() -> bool:
        return site.mailbox.at_once["busy.example"] == _MOST

    await until(both_are_under_way)
    site.mailbox.go_on.set()
    await asyncio.gather(*tasks)


async def test_who_is_refused_makes_no_domain_rest(site: Site) -> None:
    site.mailbox.answers = {"a.example": "550 Nobody here"}
    for _ in range(3):
        assert await site.send("a.example") == Handed(Verdict.REFUSED, "550 Nobody here")
    assert site.transport.remembered == 0


async def test_a_connection_that_breaks_makes_the_domain_rest(site: Site) -> None:
    site.mailbox.answers = {"a.example": "end"}
    assert (await site.send("a.example")).verdict is Verdict.UNKNOWN
    assert (await site.send("a.example")).verdict is Verdict.LATER


async def test_domains_are_the_same_in_any_case(site: Site) -> None:
    site.mailbox.answers = {"a.example": "451 Not now"}
    await site.send("a.example")
    assert (await site.send("A.Example")).answer != "451 Not now"
    assert site.transport.remembered == 1


async def test_domains_are_forgotten(site: Site) -> None:
    """The oldest ones where there are too many, and all when their rest was over for long."""
    site.mailbox.answers = {f"{number}.example": "451 Not now" for number in range(6)}
    for number in range(5):
        await site.send(f"{number}.example")
    assert site.transport.remembered == 3
    await asyncio.sleep(5.1 * _REST)
    await site.send("5.example")
    assert site.transport.remembered == 1


async def test_who_gives_up_waiting_leaves_no_trace(site: Site) -> None:
    site.mailbox.stalled = {"slow.example"}
    tasks = [asyncio.create_task(site.send("slow.example")) for _ in range(2 * _MOST)]
    await asyncio.sleep(0.1)
    for task in reversed(tasks):
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)
    assert site.transport.remembered == 0
    site.mailbox.go_on.set()
    assert (await site.send("slow.example")).verdict is Verdict.ACCEPTED
