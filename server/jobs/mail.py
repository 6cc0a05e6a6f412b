"""Sends the messages that wait in the outbox (decision 43 says why they are no jobs).

A message is written by the transaction that causes it, and sent after the commit by any process that serves.
The process takes the message for a minute while it sends, so two processes never send the same one. No
transaction is open meanwhile: who follows the log waits for each that has written, and a mail server
may be slow.
Without an SMTP server messages go to the local outbox, where there is one; else they stay here, and the log
names them.
"""

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parseaddr
from typing import Any

import sqlalchemy.exc
import structlog
from sqlalchemy import RowMapping, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.dml import ReturningUpdate

from models.effects.outbox import outbox_messages
from resolvers.messages.transport import Envelope, Handed, Transport, Verdict
from server.failures.errors import kind_of
from server.logs.metrics import deliveries
from server.settings.deployment import platform_mail
from server.settings.settings import Settings
from server.transports.compose import compose
from server.transports.header_fields import wire_address
from server.transports.mail import Mail, Mailbox

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_PAUSE = 1.0
"""Seconds between two looks into the outbox."""
_LONGEST_WAIT = datetime.timedelta(hours=1)
_TAKEN_FOR = datetime.timedelta(minutes=1)
"""After it others try again what a process left that was killed."""


class Postman:
    """Sends waiting messages one after the other. A message that fails is tried again after 2, 4, 8 ...
    seconds, at most an hour."""

    def __init__(self, database: AsyncEngine, settings: Settings) -> None:
        self._database = database
        self._transport = platform_mail(settings)
        name, address = parseaddr(settings.mail_from)
        self._sender = Mailbox(address, name)
        self._log_bodies = settings.log_links

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Look into the outbox again and again, beside the server."""
        task = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.close()

    async def close(self) -> None:
        """Give the mail server's connection back."""
        if self._transport is not None:
            await self._transport.close()

    async def _keep_looking(self) -> None:
        while True:
            try:
                if self._transport is None:
                    await self.show_new()
                else:
                    while await self.send_one():
                        pass
            except (OSError, TimeoutError, sqlalchemy.exc.SQLAlchemyError) as error:
                _log.warning("outbox not read", **kind_of(error))
            await asyncio.sleep(_PAUSE)

    async def send_one(self) -> bool:
        """Try the oldest message that is due. Whether there was one, and anything to hand it to."""
        if self._transport is None:
            return False
        async with self._database.begin() as connection:
            message = (await connection.execute(_taken())).mappings().one_or_none()
        if message is None:
            return False
        handed = await self._handed(self._transport, message)
        deliveries.labels(channel="mail", verdict=handed.verdict.name).inc()
        async with self._database.begin() as connection:
            if handed.verdict is Verdict.ACCEPTED:
                await _note_sent(connection, message)
            else:
                # Also where nobody knows what became of it: a link that comes twice is better than none.
                await _note_failure(connection, message, handed.answer)
        return True

    async def _handed(self, transport: Transport[Envelope], message: RowMapping) -> Handed:
        try:
            envelope = self._envelope(message)
        except ValueError as error:
            # One that no server takes must not stop those behind it.
            return Handed(Verdict.REFUSED, f"It is no mail: {error}")
        return await transport.hand_over(envelope)

    def _envelope(self, message: RowMapping) -> Envelope:
        domain = self._sender.address.rpartition("@")[2]
        mail = Mail(
            sender=self._sender,
            recipient=Mailbox(message["recipient"]),
            subject=message["subject"],
            message_id=f"{message['id']}@{domain}",
            date=message["created_at"],
            text=message["body"],
        )
        recipient = wire_address(message["recipient"])
        return Envelope(sender=self._sender.address, recipient=recipient, content=compose(mail))

    async def show_new(self) -> None:
        """Log the new messages of the outbox. Each is logged once, by the first process that sees it."""
        new = (
            update(outbox_messages)
            .where(outbox_messages.c.sent_at.is_(None), outbox_messages.c.attempts == 0)
            .values(attempts=1)
            .returning(outbox_messages)
        )
        async with self._database.begin() as connection:
            messages = (await connection.execute(new)).mappings().all()
        for message in messages:
            # The body holds a link that signs its reader in, and the rest says who does what. Logs go to more
            # people and places.
            private = ("recipient", "subject", "body") if self._log_bodies else ()
            _log.info(
                "mail not sent: there is no SMTP server; `mandant outbox` shows it",
                message=str(message["id"]),
                **{name: message[name] for name in private},
            )


def _taken() -> ReturningUpdate[Any]:
    """Take the oldest message that is due."""
    due = or_(outbox_messages.c.next_attempt_at.is_(None), outbox_messages.c.next_attempt_at <= func.now())
    oldest = (
        select(outbox_messages.c.id)
        .where(outbox_messages.c.sent_at.is_(None), due)
        .order_by(outbox_messages.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = update(outbox_messages).where(outbox_messages.c.id == oldest)
    return taken.values(next_attempt_at=func.now() + _TAKEN_FOR).returning(outbox_messages)


async def _note_sent(connection: AsyncConnection, message: RowMapping) -> None:
    sent = {"sent_at": func.now(), "body": None, "attempts": message["attempts"] + 1}
    await connection.execute(
        update(outbox_messages).where(outbox_messages.c.id == message["id"]).values(sent)
    )


async def _note_failure(connection: AsyncConnection, message: RowMapping, answer: str) -> None:
    attempts = message["attempts"] + 1
    wait = min(datetime.timedelta(seconds=2**attempts), _LONGEST_WAIT)
    _log.warning("mail not delivered", message=str(message["id"]), attempts=attempts, answer=answer)
    failed = {
        "attempts": attempts,
        "last_error": answer,
        "next_attempt_at": func.now() + wait,
    }
    await connection.execute(
        update(outbox_messages).where(outbox_messages.c.id == message["id"]).values(failed)
    )
