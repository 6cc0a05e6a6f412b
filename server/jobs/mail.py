"""Sends the messages that wait in the outbox (decision 43 says why they are no jobs).

A message is written by the transaction that causes it, and sent after the commit by any process that serves.
The process locks the row while it sends, so two processes never send the same one. Without an SMTP server
messages stay in the outbox, and the log names them.
"""

import asyncio
import datetime
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib
import sqlalchemy.exc
import structlog
from sqlalchemy import RowMapping, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.effects.outbox import outbox_messages
from server.failures.errors import kind_of
from server.settings.settings import Settings

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_PAUSE = 1.0
"""Seconds between two looks into the outbox."""
_LONGEST_WAIT = datetime.timedelta(hours=1)
_SMTP_TIMEOUT = 20.0


class Postman:
    """Sends waiting messages one after the other. A message that fails is tried again after 2, 4, 8 ...
    seconds, at most an hour."""

    def __init__(self, database: AsyncEngine, settings: Settings) -> None:
        self._database = database
        self._smtp_url = settings.smtp_url
        self._sender = settings.mail_from
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

    async def _keep_looking(self) -> None:
        while True:
            try:
                if self._smtp_url is None:
                    await self.show_new()
                else:
                    while await self.send_one():
                        pass
            except (OSError, TimeoutError, sqlalchemy.exc.SQLAlchemyError) as error:
                _log.warning("outbox not read", **kind_of(error))
            await asyncio.sleep(_PAUSE)

    async def send_one(self) -> bool:
        """Try the oldest message that is due. Whether there was one."""
        due = or_(
            outbox_messages.c.next_attempt_at.is_(None), outbox_messages.c.next_attempt_at <= func.now()
        )
        oldest = (
            select(outbox_messages)
            .where(outbox_messages.c.sent_at.is_(None), due)
            .order_by(outbox_messages.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        async with self._database.begin() as connection:
            # The lock is held while the other server is spoken to, which may take longer than a request.
            await connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '60s'")
            message = (await connection.execute(oldest)).mappings().one_or_none()
            if message is None:
                return False
            try:
                await self._deliver(message)
            except (aiosmtplib.SMTPException, smtplib.SMTPException, OSError, TimeoutError) as error:
                await _note_failure(connection, message, error)
            else:
                await _note_sent(connection, message)
        return True

    async def _deliver(self, message: RowMapping) -> None:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = message["recipient"]
        mail["Subject"] = message["subject"]
        mail["Message-ID"] = f"<{message['id']}@mandant>"
        mail.set_content(message["body"])
        server = urlsplit(self._smtp_url or "")
        await aiosmtplib.send(
            mail,
            hostname=server.hostname,
            port=server.port,
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            use_tls=server.scheme == "smtps",
            timeout=_SMTP_TIMEOUT,
        )

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
            # The body holds a link that signs its reader in, and logs go to more people and places.
            body = {"body": message["body"]} if self._log_bodies else {}
            _log.info(
                "mail not sent: there is no SMTP server; `mandant outbox` shows it",
                recipient=message["recipient"],
                subject=message["subject"],
                **body,
            )


async def _note_sent(connection: AsyncConnection, message: RowMapping) -> None:
    sent = {"sent_at": func.now(), "body": None, "attempts": message["attempts"] + 1}
    await connection.execute(
        update(outbox_messages).where(outbox_messages.c.id == message["id"]).values(sent)
    )


async def _note_failure(connection: AsyncConnection, message: RowMapping, error: Exception) -> None:
    attempts = message["attempts"] + 1
    wait = min(datetime.timedelta(seconds=2**attempts), _LONGEST_WAIT)
    _log.warning("mail not delivered", message=str(message["id"]), attempts=attempts, error=str(error))
    failed = {
        "attempts": attempts,
        "last_error": f"{type(error).__name__}: {error}"[:500],
        "next_attempt_at": func.now() + wait,
    }
    await connection.execute(
        update(outbox_messages).where(outbox_messages.c.id == message["id"]).values(failed)
    )
