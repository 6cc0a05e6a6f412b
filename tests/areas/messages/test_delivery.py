"""Messages reach a real mail server, each once or with a word of doubt."""

import asyncio
import datetime
import email
import email.policy
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSessions
from models.accounts.tables import AccountStatus
from models.base.ids import Kind, MasterId, parse_in_account
from models.effects.jobs import Job
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.messages.tables import delivery_queues, messages
from models.settings.tables import SettingName
from resolvers.messages.claim import Claimed, claim_messages
from resolvers.templates.rendering.renderer import Renderer
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.jobs.messages import deliver_batch
from server.transports.smtp import SmtpServer, SmtpTransport
from tests.areas.messages.conftest import Shop
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.contacts import give_listed_contact
from tests.world.messages import mail, send
from tests.world.plans import make_plan, subscribe
from tests.world.settings import set_setting
from tests.world.templates import give_template, template_id
from tests.world.world import World


@dataclass
class Mailbox:
    """What the server took. `answer`: says what becomes of mail to an address; "end": the connection ends."""

    answer: Callable[[str], str] = field(default=lambda _: "250 Taken")
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answer(envelope.rcpt_tos[0])
        if answer == "end":
            server.transport.abort()
            return "250 Never heard"
        if answer.startswith("2"):
            content = email.message_from_bytes(envelope.content, policy=email.policy.SMTPUTF8)
            assert isinstance(content, EmailMessage)
            self.taken.append((envelope.rcpt_tos[0], content))
        return answer

    @property
    def recipients(self) -> list[str]:
        """To whom it took mail."""
        return sorted(to for to, _ in self.taken)


@dataclass(frozen=True)
class Site:
    """Workers and their mail server."""

    database: AsyncEngine
    sessions: WriteSessions
    mailbox: Mailbox
    renderer: Renderer
    port: int

    async def work(self, shop: Shop) -> None:
        """One batch of the tree."""
        tree = MasterId(shop.master.master)
        transport = SmtpTransport(SmtpServer.of(f"smtp://127.0.0.1:{self.port}"), most=4, patience=2)
        job = Job(MESSAGE_DELIVERY, tree, tree)
        try:
            await deliver_batch(self.sessions, self.renderer, transport, job)
        finally:
            await transport.close()

    async def claim(self, shop: Shop) -> Claimed:
        """What a worker does that dies then."""
        async with self.sessions.begin() as session:
            claimed = await claim_messages(session, MasterId(shop.master.master))
        assert claimed is not None
        return claimed

    async def statuses(self, shop: Shop) -> dict[str, tuple[str, str | None]]:
        """The status and the answer of each recipient's message."""
        found = select(messages).where(messages.c.account_id == shop.account.key)
        async with self.database.connect() as connection:
            rows = (await connection.execute(found)).all()
        return {row.recipient: (row.status, row.answer) for row in rows}

    async def let_pass(self, shop: Shop, **hours: float) -> None:
        """So much time has passed for the messages of the tree."""
        passed = datetime.timedelta(**hours)
        message = messages.c
        async with self.database.begin() as connection:
            of_tree = message.master_id == shop.master.master
            moments = {"due_at": message.due_at - passed, "claimed_at": message.claimed_at - passed}
            moments |= {"expires_at": message.expires_at - passed}
            await connection.execute(update(messages).where(of_tree).values(moments))
            queue = delivery_queues.c
            await connection.execute(
                update(delivery_queues)
                .where(queue.master_id == shop.master.master)
                .values(due_at=queue.due_at - passed)
            )

    async def queued(self, shop: Shop) -> int:
        """How many accounts of the tree a worker has to look at, now or later."""
        counted = select(func.count()).where(delivery_queues.c.master_id == shop.master.master)
        async with self.database.connect() as connection:
            return int((await connection.execute(counted)).scalar_one())


@pytest.fixture
async def site(addresses: DatabaseAddresses, database: AsyncEngine) -> AsyncIterator[Site]:
    mailbox, made = Mailbox(), list[SMTP]()

    def accept() -> SMTP:
        made.append(SMTP(mailbox, enable_SMTPUTF8=True))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    engine, renderer = connect_as_application(addresses.application, pool_size=4), Renderer()
    async with server:
        yield Site(database, WriteSessions(engine), mailbox, renderer, port)
        for each in made:
            if isinstance(each.transport, asyncio.WriteTransport):
                each.transport.abort()
    await renderer.close()
    await engine.dispose()


async def test_a_message_arrives_as_it_was_given(api: Api, shop: Shop, world: World, site: Site) -> None:
    await set_setting(world, shop.account, SettingName.SENDER_NAME, 'Inn "Sun" 🔥')
    more = {"replyTo": "help@example.com", "headers": [{"name": "X-Order", "value": "Größe 7"}]}
    given = mail("1", "Jörg@bücher.example", subject="Grüße 🔥", html="<p>Hi</p>", **more)
    await send(api, shop.owner, shop.account, [given])
    await site.work(shop)
    ((to, content),) = site.mailbox.taken
    assert to == "Jörg@bücher.example"
    assert content["From"].addresses[0].addr_spec == shop.sender
    # Python's reader leaves the bytes of a quoted name as they are.
    named = content["From"].addresses[0].display_name.encode(errors="surrogateescape").decode()
    assert named == 'Inn "Sun" 🔥'
    assert (content["Subject"], content["X-Order"]) == ("Grüße 🔥", "Größe 7")
    assert content["Reply-To"] == "help@example.com"
    bodies = {part.get_content_type(): part.get_content().strip() for part in content.iter_parts()}
    assert bodies == {"text/plain": "Hello!", "text/html": "<p>Hi</p>"}
    assert await site.statuses(shop) == {"Jörg@bücher.example": ("SENT", "250 Taken")}
    assert await site.queued(shop) == 0


async def test_a_template_is_rendered_for_its_recipient(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    """With the version of the moment when it was taken in."""
    await give_listed_contact(world, shop.account, "ada@example.com")
    text = "{{ contact.attributes.country }} {{ message.code }} {{ account.senderAddress }}"
    own = template_id(shop.account, await give_template(world, shop.account, "Own", text=text))
    given = {"idempotencyKey": "1", "to": "Ada@example.com", "templateId": own}
    await send(api, shop.owner, shop.account, [{**given, "variables": {"code": 7}}])
    change = {"templateId": own, "text": "Else", "expectedVersion": 1}
    assert (await attempt(api, "templateUpdate", shop.owner, **change)).done
    await site.work(shop)
    ((_, content),) = site.mailbox.taken
    assert content.get_content().strip() == f"SE 7 {shop.sender}"
    assert content["Subject"] == "Hello"


async def test_each_answer_has_its_status(api: Api, shop: Shop, site: Site) -> None:
    answers = {"a": "250 Taken", "b": "550 5.1.1 No such user", "c": "451 Later", "d": "end"}
    site.mailbox.answer = lambda to: answers[to[0]]
    given = [mail(name, f"{name}@example.com") for name in answers]
    await send(api, shop.owner, shop.account, given)
    await site.work(shop)
    found = await site.statuses(shop)
    assert {to[0]: status for to, (status, _) in found.items()} == {
        "a": "SENT",
        "b": "FAILED",
        "c": "WAITING",
        "d": "DOUBTFUL",
    }
    assert found["b@example.com"][1] == "550 5.1.1 No such user"
    assert found["c@example.com"][1] == "451 Later"
    await site.work(shop)
    assert site.mailbox.recipients == ["a@example.com"], "nothing is due, and nothing goes twice"
    site.mailbox.answer = lambda _: "250 Taken"
    await site.let_pass(shop, minutes=1)
    await site.work(shop)
    assert site.mailbox.recipients == ["a@example.com", "c@example.com"]
    assert await site.queued(shop) == 0


async def test_after_a_day_it_has_failed(api: Api, shop: Shop, site: Site) -> None:
    site.mailbox.answer = lambda _: "451 Later"
    await send(api, shop.owner, shop.account, [mail("1")])
    for _ in range(3):
        await site.work(shop)
        await site.let_pass(shop, hours=11.9)
    await site.work(shop)
    ((status, answer),) = (await site.statuses(shop)).values()
    assert (status, site.mailbox.taken) == ("FAILED", [])
    assert answer is not None
    assert "24 hours" in answer


async def test_what_a_dead_worker_claimed_is_doubtful(api: Api, shop: Shop, site: Site) -> None:
    """Reported, and never sent again, also where the worker lives and comes late."""
    await send(api, shop.owner, shop.account, [mail("1")])
    claimed = await site.claim(shop)
    assert [message.recipient for message in claimed.messages] == ["ann@example.com"]
    await site.work(shop)
    assert await site.statuses(shop) == {"ann@example.com": ("CLAIMED", None)}
    assert await site.queued(shop) == 1, "somebody looks again"
    await site.let_pass(shop, minutes=11)
    await site.work(shop)
    ((status, _),) = (await site.statuses(shop)).values()
    assert (status, site.mailbox.taken, await site.queued(shop)) == ("DOUBTFUL", [], 0)


async def test_two_workers_hand_over_each_message_once(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    await subscribe(world, shop.account, await make_plan(world, active_contacts=500, sends=500))
    given = [mail(str(number), f"a{number:03}@example.com") for number in range(150)]
    await send(api, shop.owner, shop.account, given)
    await asyncio.gather(site.work(shop), site.work(shop))
    await site.let_pass(shop, minutes=1)
    await site.work(shop)
    assert site.mailbox.recipients == [f"a{number:03}@example.com" for number in range(150)]
    assert await site.queued(shop) == 0


async def test_transactional_messages_come_first(api: Api, shop: Shop, site: Site) -> None:
    await send(api, shop.owner, shop.account, [mail("1", "a@example.com")], stream="MARKETING")
    await send(api, shop.owner, shop.account, [mail("2", "b@example.com")])
    claimed = await site.claim(shop)
    assert [message.recipient for message in claimed.messages] == ["b@example.com", "a@example.com"]


async def test_a_message_waits_for_its_time_and_for_its_account(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    await send(api, shop.owner, shop.account, [mail("1", sendAt=tomorrow.isoformat())])
    await site.work(shop)
    await site.let_pass(shop, hours=25)
    await world.set_status(shop.account, AccountStatus.SUSPENDED)
    await site.work(shop)
    assert (await site.statuses(shop), site.mailbox.taken) == ({"ann@example.com": ("WAITING", None)}, [])
    await world.set_status(shop.account, AccountStatus.ACTIVE)
    await site.let_pass(shop, minutes=11)
    await site.work(shop)
    assert site.mailbox.recipients == ["ann@example.com"]


async def test_canceled_or_claimed_but_never_both(api: Api, shop: Shop, site: Site) -> None:
    sent = await send(api, shop.owner, shop.account, [mail(str(number)) for number in range(10)])
    ids = [each["message"]["id"] for each in sent]
    canceling = asyncio.gather(*[attempt(api, "messageCancel", shop.owner, messageId=id_) for id_ in ids])
    claimed, tried = await asyncio.gather(site.claim(shop), canceling)
    canceled = {_key(id_) for id_, each in zip(ids, tried, strict=True) if each.done}
    assert {each.code for each in tried} <= {"", "FAILED_PRECONDITION"}
    assert canceled.isdisjoint(message.id for message in claimed.messages)
    assert len(canceled) + len(claimed.messages) == 10


async def test_a_worker_enters_no_tree_without_messages(shop: Shop, site: Site) -> None:
    async with site.sessions.begin() as session:
        assert not await enter_as_worker(session, MasterId(shop.master.master))
    await site.work(shop)


def _key(id_: str) -> uuid.UUID:
    found = parse_in_account(Kind.TRANSACTIONAL_MESSAGE, id_)
    assert found is not None
    return found.id
