"""The links of a message, followed as anybody follows them."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from models.base.ids import AccountId, MasterId, MessageId
from models.messages.events import message_events
from models.sending.tables import SendStream
from resolvers.messages.tracking.links import MessageLinks
from resolvers.messages.tracking.signers import Signers
from tests.areas.fixtures import nothing_breaks
from tests.client.places import new_place
from tests.world.messages import give_message
from tests.world.world import Account, World

__all__ = ["nothing_breaks"]

SIGNERS = Signers.of([b"another secret of the tests"])
"""Those of the tests' settings."""
_PATIENCE = 10.0


@dataclass(frozen=True)
class Mailed:
    """A message that has reached its recipient."""

    account: Account
    key: uuid.UUID
    links: MessageLinks
    database: AsyncEngine

    async def events(self, number: int = 0) -> list[tuple[str, str | None]]:
        """What is known of it, once there are so many."""
        event = message_events.c
        statement = select(event.kind, event.url).where(event.message_id == self.key).order_by(event.id)
        deadline = time.monotonic() + _PATIENCE
        while True:
            async with self.database.connect() as connection:
                rows = [(row.kind, row.url) for row in await connection.execute(statement)]
            if len(rows) >= number or time.monotonic() > deadline:
                return rows
            await asyncio.sleep(0.05)


async def mailed(world: World, account: Account, to: str = "ann@example.com", **more: Any) -> Mailed:
    """A message of the account."""
    key = await give_message(world, account, to, stream=SendStream.MARKETING, **more)
    links = MessageLinks(
        signer=SIGNERS.links,
        base="http://mandant.test",
        master_id=MasterId(account.master),
        account_id=AccountId(account.key),
        message_id=MessageId(key),
    )
    return Mailed(account, key, links, world.database)


@pytest.fixture
async def message(world: World) -> Mailed:
    """One of an account of its own."""
    return await mailed(world, await world.account())


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """It comes by a domain of a customer, which the settings do not name."""
    transport = httpx.ASGITransport(app, client=(new_place(), 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://links.customer.test") as found:
        yield found
