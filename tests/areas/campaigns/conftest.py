"""Campaigns: a shop that can send, and a worker."""

import datetime
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId, Kind, MasterId, parse
from models.campaigns.job_kinds import CAMPAIGN_EXPANSION
from models.campaigns.tables import campaigns
from models.contacts.tables import contacts
from models.effects.jobs import Job
from models.messages.tables import MessageChannel, delivery_queues, messages
from resolvers.campaigns.work import work_on
from resolvers.messages.delivery.claim import claim_messages
from resolvers.messages.queue import note_done
from resolvers.review.policy import ReviewPolicy
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.areas.messages.conftest import nothing_breaks, shop
from tests.areas.messages.shop import Shop
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.campaigns import give_list
from tests.world.contacts import contact_list_id
from tests.world.templates import give_template, template_id
from tests.world.world import World

__all__ = ["nothing_breaks", "shop"]

SEEN = "campaign { id status version recipients leftOut messages label failureCode templateVersion sender }"


@dataclass(frozen=True)
class Desk:
    """Where campaigns of a shop are made, and its worker."""

    api: Api
    world: World
    shop: Shop
    database: AsyncEngine
    sessions: WriteSessions

    async def lists(self, *emails: str, name: str = "News") -> str:
        """A list of these addresses."""
        return contact_list_id(
            self.shop.account, await give_list(self.world, self.shop.account, *emails, name=name)
        )

    async def draft(self, *emails: str, **more: Any) -> dict[str, Any]:
        """A campaign to these addresses."""
        values: dict[str, Any] = {"accountId": self.shop.account.id, "name": "Spring"}
        if "templateId" not in more:
            template = await give_template(self.world, self.shop.account, "Spring")
            values["templateId"] = template_id(self.shop.account, template)
        if emails:
            values["contactListIds"] = [await self.lists(*emails)]
        made: dict[str, Any] = (await self.do("campaignCreate", **values | more))["campaign"]
        return made

    async def do(self, field: str, **values: Any) -> Any:
        """What the owner's mutation gives."""
        return await done(self.api, field, self.shop.owner, SEEN, **values)

    async def send(self, campaign: dict[str, Any]) -> dict[str, Any]:
        """The campaign, which is sent now."""
        values = {"campaignId": campaign["id"], "expectedVersion": campaign["version"]}
        sent: dict[str, Any] = (await self.do("campaignSend", **values))["campaign"]
        return sent

    async def work(self, campaign: dict[str, Any], review: ReviewPolicy = ReviewPolicy.OFF) -> None:
        """What a worker does for it now."""
        job = Job(CAMPAIGN_EXPANSION, MasterId(self.shop.master.master), key_of(campaign))
        await work_on(self.sessions, review, job)

    async def row(self, campaign: dict[str, Any]) -> Row[Any]:
        """The campaign's row."""
        async with self.database.connect() as connection:
            found = select(campaigns).where(campaigns.c.id == key_of(campaign))
            return (await connection.execute(found)).one()

    async def change(self, campaign: dict[str, Any], **values: Any) -> None:
        """Its row has these values, whatever became of it."""
        async with self.database.begin() as connection:
            this = campaigns.c.id == key_of(campaign)
            await connection.execute(update(campaigns).where(this).values(values))

    async def let_pass(self, campaign: dict[str, Any], **time: float) -> None:
        """So much time has passed for it."""
        passed, row = datetime.timedelta(**time), await self.row(campaign)
        moments = ("starts_at", "next_at", "work_due_at")
        known = {name: getattr(row, name) for name in moments}
        await self.change(campaign, **{name: at - passed for name, at in known.items() if at is not None})

    async def messages(self) -> Sequence[Row[Any]]:
        """All messages of the shop, in the order of their ids."""
        async with self.database.connect() as connection:
            found = select(messages).where(messages.c.account_id == self.shop.account.key)
            return (await connection.execute(found.order_by(messages.c.id))).all()

    async def contacts(self) -> dict[str, uuid.UUID]:
        """The shop's contacts, by address."""
        async with self.database.connect() as connection:
            found = select(contacts.c.email, contacts.c.id).where(
                contacts.c.account_id == self.shop.account.key
            )
            return {row.email: row.id for row in await connection.execute(found)}

    async def statuses(self) -> dict[str, str]:
        """The status of each recipient's message."""
        rows = await self.messages()
        assert len({row.recipient for row in rows}) == len(rows), "nobody gets two"
        return {row.recipient: row.status for row in rows}

    async def claim(self) -> list[str]:
        """To whom a worker hands messages over now."""
        async with self.sessions.begin() as session:
            tree = MasterId(self.shop.master.master)
            claimed = await claim_messages(session, tree, ReviewPolicy.OFF, list(MessageChannel))
        return [] if claimed is None else sorted(message.recipient for message in claimed.messages)

    async def queued(self) -> set[datetime.datetime]:
        """When somebody looks at the shop's messages next, after a batch."""
        tree, account = MasterId(self.shop.master.master), AccountId(self.shop.account.key)
        async with self.sessions.begin() as session:
            if await enter_as_worker(session, tree):
                await note_done(session, tree, [account], list(MessageChannel))
        async with self.database.connect() as connection:
            found = select(delivery_queues.c.due_at).where(delivery_queues.c.account_id == account)
            return set((await connection.execute(found)).scalars())

    async def settle(self) -> None:
        """What is handed over arrives."""
        async with self.database.begin() as connection:
            is_claimed = (messages.c.account_id == self.shop.account.key) & (messages.c.status == "CLAIMED")
            now = datetime.datetime.now(datetime.UTC)
            await connection.execute(update(messages).where(is_claimed).values(status="SENT", settled_at=now))


def key_of(campaign: dict[str, Any]) -> uuid.UUID:
    """The campaign's id inside."""
    key = parse(Kind.CAMPAIGN, campaign["id"])
    assert key is not None
    return key


@pytest.fixture
async def desk(
    api: Api, world: World, shop: Shop, database: AsyncEngine, addresses: DatabaseAddresses
) -> AsyncIterator[Desk]:
    engine = connect_as_application(addresses.application, pool_size=4)
    yield Desk(api, world, shop, database, WriteSessions(engine))
    await engine.dispose()
