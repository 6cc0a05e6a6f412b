"""The mail that waits to be sent, with its links. Without an SMTP server people open invitations from
here."""

import datetime
import re
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.effects.outbox import outbox_messages
from server.commands.tables import new_table, printable

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class WaitingMail:
    """A message that has not been sent yet. `last_error`: why the last try failed."""

    created_at: datetime.datetime
    recipient: str
    subject: str
    link: str
    attempts: int
    last_error: str | None


async def waiting_mail(database: AsyncEngine) -> list[WaitingMail]:
    """The messages that have not been sent yet, the oldest first."""
    waiting = (
        select(outbox_messages).where(outbox_messages.c.sent_at.is_(None)).order_by(outbox_messages.c.id)
    )
    async with database.connect() as connection:
        rows = (await connection.execute(waiting)).all()
    return [
        WaitingMail(
            row.created_at,
            row.recipient,
            row.subject,
            _first_link(row.body or ""),
            row.attempts,
            row.last_error,
        )
        for row in rows
    ]


def mail_table(mails: list[WaitingMail]) -> Table:
    """A line for each message; the link last, so that nothing follows it."""
    table = new_table("Written", "To", "Subject", "Tries", "Last error", "Link")
    for mail in mails:
        written = mail.created_at.strftime("%Y-%m-%d %H:%M UTC")
        cells = (written, mail.recipient, mail.subject, str(mail.attempts), mail.last_error or "", mail.link)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _first_link(body: str) -> str:
    found = _LINK.search(body)
    return found.group() if found else ""
