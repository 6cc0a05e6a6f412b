"""What the tests of orders have in common: what is seen and stored, and what is done meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Update, select, update

from models.webhooks.tables import webhook_deliveries
from tests.areas.webhooks.giving import Webhook
from tests.areas.webhooks.receiver import Taken, take
from tests.areas.webhooks.site import Site
from tests.areas.webhooks.test_delivery import log_of
from tests.client.api import Api
from tests.database.settled_log import until_settled
from tests.world.brand import Brand
from tests.world.world import World

SPAN = {"since": "2026-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}
_DELIVERIES = """query ($id: ID!) { node(id: $id) { ... on Webhook {
  status pauseReason pausedAt version deliveries(first: 100) {
    nodes { id status nextTryAt finishedAt event { id type } tries { problem } } } } } }"""


async def seen_of(api: Api, brand: Brand, webhook: Webhook) -> Any:
    """The webhook with its deliveries, as its owner sees it."""
    return (await api.read(_DELIVERIES, brand.owner, id=webhook.id))["node"]


async def delivery_of(api: Api, brand: Brand, webhook: Webhook) -> Any:
    """The only one, or that of the first event."""
    return (await seen_of(api, brand, webhook))["deliveries"]["nodes"][-1]


def waiting_for(webhook: Webhook) -> Update:
    """An update of what waits for the webhook."""
    own = webhook_deliveries.c.webhook_id == webhook.key
    return update(webhook_deliveries).where(own, webhook_deliveries.c.status == "PENDING")


async def stored_deliveries(world: World) -> list[Any]:
    """All deliveries, as they are stored."""
    async with world.database.connect() as connection:
        found = select(webhook_deliveries).order_by(webhook_deliveries.c.id)
        return [tuple(row) for row in await connection.execute(found)]


async def whole_log(api: Api, brand: Brand, world: World) -> list[dict[str, Any]]:
    """The account's events, with the last one."""
    await until_settled(world.database)
    return await log_of(api, brand.owner, brand.us)


async def types_of(api: Api, brand: Brand, world: World) -> list[str]:
    """The types of these events."""
    return [event["type"] for event in await whole_log(api, brand, world)]


async def while_it_delivers(site: Site, doing: Callable[[], Awaitable[None]]) -> None:
    """Do something while the receiver has requests and has not answered any."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def hold(taken: Taken, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await go_on.wait()
        await take(taken, writer)

    site.receiver.answers["/in"] = hold
    delivering = asyncio.create_task(site.deliver())
    await arrived.wait()
    await doing()
    go_on.set()
    await delivering
