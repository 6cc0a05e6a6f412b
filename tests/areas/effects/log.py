"""What a change leaves behind: the account's log and the mail on its way."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.effects.outbox import outbox_messages
from tests.client.api import Api, Caller

_EVENTS = """
query ($id: ID!, $types: [EventType!]) {
  account(id: $id) {
    events(first: 100, types: $types) {
      nodes { type subjectId actorName actor { id } actingFrom { id } account { id } before after }
    }
  }
}
"""
_CODE = re.compile(r": ([0-9]{6})$", re.MULTILINE)
_LINK = re.compile(r"^http://mandant\.test/[a-z-]+#(md[a-z]_\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """A message in the outbox."""

    recipient: str
    subject: str
    body: str

    @property
    def token(self) -> str:
        """The secret of the link, which stands on a line of its own."""
        (token,) = _LINK.findall(self.body)
        return str(token)

    @property
    def code(self) -> str:
        """The six digits."""
        (code,) = _CODE.findall(self.body)
        return str(code)


async def events_of(
    api: Api, caller: Caller, account_id: str, event_type: str | None = None
) -> list[dict[str, Any]]:
    """The account's log as the caller sees it, newest first."""
    found = await api.read(_EVENTS, caller, id=account_id, types=event_type and [event_type])
    nodes: list[dict[str, Any]] = found["account"]["events"]["nodes"]
    return nodes


async def last_event(api: Api, caller: Caller, account_id: str) -> dict[str, Any]:
    """The newest entry of the account's log."""
    return (await events_of(api, caller, account_id))[0]


async def mails_to(database: AsyncEngine, recipient: str) -> list[Mail]:
    """The messages to an address, oldest first."""
    columns = (outbox_messages.c.recipient, outbox_messages.c.subject, outbox_messages.c.body)
    statement = select(*columns).where(outbox_messages.c.recipient == recipient)
    async with database.connect() as connection:
        rows = await connection.execute(statement.order_by(outbox_messages.c.id))
        return [Mail(*row) for row in rows]


async def mail_to(database: AsyncEngine, recipient: str) -> Mail:
    """The only message to an address."""
    (mail,) = await mails_to(database, recipient)
    return mail
