"""Workers of a test, and the mail server that they hand messages to."""

import asyncio
import datetime
import email
import email.policy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.base.ids import MasterId
from models.effects.jobs import Job
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.messages.tables import MessageChannel, delivery_queues, messages
from resolvers.messages.attachments.room import AttachmentRoom
from resolvers.messages.delivery.claim import claim_messages
from resolvers.messages.delivery.claimed import Claimed
from resolvers.review.policy import ReviewPolicy
from resolvers.templates.rendering.renderer import Renderer
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.jobs.messages import deliver_turn
from server.transports.by_place import ByPlace, domain_of
from server.transports.sms_gateway import SmsGateway
from server.transports.smtp import SmtpServer, SmtpTransport
from tests.areas.messages.shop import Shop
from tests.server.deployed import deployed
from tests.server.tracking.conftest import SIGNERS
from tests.world.domains import KEYRING


@dataclass
class Mailbox:
    """What the server took. `answer`: says what becomes of mail to an address; "end": the connection ends."""

    answer: Callable[[str], str] = field(default=lambda _: "250 Taken")
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    as_sent: list[bytes] = field(default_factory=list)
    return_paths: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answer(envelope.rcpt_tos[0])
        if answer == "end":
            server.transport.abort()
            return "250 Never heard"
        if answer.startswith("2"):
            content = email.message_from_bytes(envelope.content, policy=email.policy.SMTPUTF8)
            assert isinstance(content, EmailMessage)
            self.taken.append((envelope.rcpt_tos[0], content))
            self.as_sent.append(envelope.content)
            self.return_paths.append(envelope.mail_from)
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
    sms: SmsGateway | None = None
    room: AttachmentRoom = field(default_factory=AttachmentRoom)

    async def work(
        self, shop: Shop, review: ReviewPolicy = ReviewPolicy.OFF, by_domain: int | None = None
    ) -> None:
        """One turn of the tree. `by_domain`: messages for one domain that are under way at once."""
        tree = MasterId(shop.master.master)
        smtp = SmtpTransport(SmtpServer.of(f"smtp://127.0.0.1:{self.port}"), most=4, patience=2)
        transport = smtp if by_domain is None else ByPlace(smtp, domain_of, by_domain)
        deployment = replace(
            deployed(),
            renderer=self.renderer,
            mail=transport,
            sms=self.sms,
            attachment_room=self.room,
            keyring=lambda: KEYRING,
            signers=lambda: SIGNERS,
            review=review,
        )
        try:
            await deliver_turn(self.sessions, deployment, Job(MESSAGE_DELIVERY, tree, tree))
        finally:
            await transport.close()

    async def claim(self, shop: Shop) -> Claimed:
        """What a worker does that dies then."""
        async with self.sessions.begin() as session:
            tree = MasterId(shop.master.master)
            claimed = await claim_messages(session, tree, ReviewPolicy.OFF, list(MessageChannel))
        assert claimed is not None
        return claimed

    async def statuses(self, shop: Shop) -> dict[str, tuple[str, str | None]]:
        """The status and the answer of each recipient's message."""
        found = select(messages).where(messages.c.account_id == shop.account.key)
        async with self.database.connect() as connection:
            rows = (await connection.execute(found)).all()
        return {row.recipient: (row.status, row.answer) for row in rows}

    async def attempts(self, shop: Shop) -> list[int]:
        """How often each message was handed over."""
        found = select(messages.c.attempts).where(messages.c.account_id == shop.account.key)
        async with self.database.connect() as connection:
            return [int(attempts) for attempts in (await connection.execute(found)).scalars()]

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


@asynccontextmanager
async def site_of(addresses: DatabaseAddresses, database: AsyncEngine) -> AsyncIterator[Site]:
    """Ends what it started."""
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
