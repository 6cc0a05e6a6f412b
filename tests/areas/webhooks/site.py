"""What delivers webhooks beside a test, and what it delivers to."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update

from models.webhooks.tables import webhook_deliveries, webhook_tries, webhooks
from resolvers.domains.dns import Dns
from resolvers.webhooks.requests import WebhookRequests
from server.embedded_postgres import DatabaseAddresses
from server.webhooks.courier import Courier
from tests.areas.domains.name_server import Zone, name_server
from tests.areas.webhooks.giving import KEYRING, Webhook
from tests.areas.webhooks.receiver import HOST, Receiver, receiving
from tests.database.settled_log import until_settled
from tests.server.deployed import deployed
from tests.world.world import World

PATIENCE = 4.0
"""Seconds for a request."""


@dataclass(frozen=True)
class Site:
    """A courier, started by the test alone, and a receiver whose name leads to this machine."""

    world: World
    own: DatabaseAddresses
    receiver: Receiver
    dns: Dns
    trusted: ssl.SSLContext
    courier: Courier

    async def deliver(self) -> None:
        """Deliver all that is due, once nobody's transaction on the same PostgreSQL holds the log up."""
        await until_settled(self.world.database)
        await self.courier.deliver_all()

    async def clear(self) -> None:
        """No webhook of an earlier test is left, nor what came in."""
        async with self.world.database.begin() as connection:
            await connection.execute(delete(webhooks))
        self.receiver.taken.clear()
        self.receiver.answers.clear()

    async def rested(self, webhook: Webhook) -> None:
        """What waits is due, and the webhook rests no more."""
        own = webhooks.c.id == webhook.key
        waiting = (webhook_deliveries.c.webhook_id == webhook.key) & webhook_deliveries.c.next_try_at.is_not(
            None
        )
        async with self.world.database.begin() as connection:
            await connection.execute(update(webhooks).where(own).values(rests_until=None))
            await connection.execute(update(webhook_deliveries).where(waiting).values(next_try_at=func.now()))

    async def passes(self, webhook: Webhook, time: datetime.timedelta) -> None:
        """So much time passes for the webhook: its moments are so much earlier."""
        own = webhook_deliveries.c.webhook_id == webhook.key
        of_own = webhook_tries.c.delivery_id.in_(select(webhook_deliveries.c.id).where(own))
        moments = {
            webhooks: (webhooks.c.id == webhook.key, ("failing_since", "rests_until")),
            webhook_deliveries: (own, ("created_at", "next_try_at")),
            webhook_tries: (of_own, ("tried_at",)),
        }
        async with self.world.database.begin() as connection:
            for table, (rows, names) in moments.items():
                earlier = {name: table.c[name] - time for name in names}
                await connection.execute(update(table).where(rows).values(earlier))

    async def set_row(self, webhook: Webhook, **values: Any) -> None:
        """Give columns of the webhook these values."""
        async with self.world.database.begin() as connection:
            await connection.execute(update(webhooks).where(webhooks.c.id == webhook.key).values(values))

    async def row(self, webhook: Webhook) -> Mapping[str, Any]:
        """The webhook, as it is stored."""
        async with self.world.database.connect() as connection:
            found = await connection.execute(select(webhooks).where(webhooks.c.id == webhook.key))
            return dict(found.mappings().one())

    async def statuses(self, webhook: Webhook) -> list[str]:
        """Of the webhook's deliveries, in their order."""
        own = select(webhook_deliveries.c.status).where(webhook_deliveries.c.webhook_id == webhook.key)
        async with self.world.database.connect() as connection:
            return list((await connection.execute(own.order_by(webhook_deliveries.c.id))).scalars())


def courier_of(own: DatabaseAddresses, dns: Dns, trusted: ssl.SSLContext) -> Courier:
    """Delivers to private addresses too."""
    requests = WebhookRequests(dns, private_addresses=True, trust=trusted, patience=PATIENCE)
    deployment = replace(deployed(dns=dns), webhook_requests=requests, keyring=lambda: KEYRING)
    return Courier(own.application, deployment, asyncio.Event())


@asynccontextmanager
async def site_of(own: DatabaseAddresses, world: World, folder: Path) -> AsyncIterator[Site]:
    """`folder`: for the receiver's certificate."""
    zone = Zone()
    zone.publish("A", HOST, "127.0.0.1")
    async with receiving(folder) as (receiver, trusted):
        with name_server(zone) as dns:
            courier = courier_of(own, dns, trusted)
            try:
                yield Site(world, own, receiver, dns, trusted, courier)
            finally:
                await courier.close()
