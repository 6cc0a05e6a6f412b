"""The rows of the area `webhooks` in the tables that have one for each mutation, table or id."""

import datetime

from sqlalchemy import insert, update

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, new_id
from models.webhooks.tables import webhook_news, webhooks
from tests.areas.webhooks.giving import give_delivery, give_webhook
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.updates import Field, Null, Update, Updated
from tests.storage.growth import Bound, Growth, deleted, one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.world import Account, World

_DOCUMENT = "query ($eventId: ID!) { node(id: $eventId) { id } }"

CONSEQUENCES = {
    "webhookCreate": does(limited={Limited.WEBHOOKS}),
    "webhookUpdate": does(limited={Limited.WEBHOOKS}),
    "webhookDelete": NO_CONSEQUENCE,
    "webhookSecretRotate": does(limited={Limited.WEBHOOKS}),
    "webhookTest": does(limited={Limited.WEBHOOK_TESTS}),
    "webhookReplay": NO_CONSEQUENCE,
    "webhookReplayCancel": NO_CONSEQUENCE,
    "webhookDeliveryRetry": does(limited={Limited.WEBHOOK_RETRIES}),
    "webhookPause": NO_CONSEQUENCE,
    "webhookResume": NO_CONSEQUENCE,
}


STATUSES = {
    "webhookCreate": Row(NEEDS_ACTIVE),
    "webhookUpdate": Row(NEEDS_ACTIVE),
    "webhookDelete": Row(TAKES_AWAY),
    "webhookSecretRotate": Row(NEEDS_ACTIVE),
    "webhookTest": Row(NEEDS_ACTIVE),
    "webhookReplay": Row(NEEDS_ACTIVE),
    "webhookReplayCancel": Row(TAKES_AWAY),
    "webhookDeliveryRetry": Row(NEEDS_ACTIVE),
    "webhookPause": Row(TAKES_AWAY),
    "webhookResume": Row(NEEDS_ACTIVE),
}


BOUNDS = {
    "webhooks": one_each("at most 20 of an account"),
    "webhook_news": one_each("at most one for a webhook"),
    "webhook_routing": Bound(Growth.FIXED, "one row: up to where the log is routed"),
    "webhook_deliveries": deleted("one for each event and webhook, for 30 days after it is finished"),
    "webhook_tries": deleted("at most ten of a delivery, and of each time that it is replayed"),
}


REMOVES = {
    "webhookDelete": "removedWebhookId",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    webhook = {"webhookId": place.objects[Kind.WEBHOOK]}
    settings = {
        "url": "https://hooks.example.com/in",
        "apiKeyId": place.key.id,
        "types": ["MEMBER_INVITED"],
        "includeDescendants": True,
        "document": _DOCUMENT,
        "description": "For the CRM",
    }
    now = datetime.datetime.now(datetime.UTC)
    span = {"since": (now - datetime.timedelta(days=1)).isoformat(), "until": now.isoformat()}
    return {
        "webhookCreate": {"accountId": place.account.id} | settings,
        "webhookUpdate": webhook | {"expectedVersion": 1} | settings,
        "webhookDelete": webhook,
        "webhookSecretRotate": webhook | {"overlapMinutes": 5},
        "webhookTest": webhook,
        "webhookReplay": webhook | span,
        "webhookReplayCancel": webhook,
        "webhookDeliveryRetry": {"deliveryId": place.objects[Kind.WEBHOOK_DELIVERY]},
        "webhookPause": webhook,
        "webhookResume": webhook,
    }


ID_FIELDS = {
    "webhookId": Kind.WEBHOOK,
    "deliveryId": Kind.WEBHOOK_DELIVERY,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    webhook = await give_webhook(world, account)
    delivery_id = await give_delivery(world, webhook, event_id=new_id())
    return {Kind.WEBHOOK: webhook.id, Kind.WEBHOOK_DELIVERY: delivery_id}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    webhook = await give_webhook(world, tree.master)
    await give_delivery(world, webhook)
    place = {"master_id": tree.master.master, "account_id": tree.master.key, "webhook_id": webhook.key}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(webhook_news).values(**place, first_transaction=1, last_transaction=1)
        )


async def _webhook(world: World, brand: Brand) -> Updated:
    webhook = await give_webhook(world, brand.us, document=_DOCUMENT)
    own = webhooks.c.id == webhook.key
    async with world.database.begin() as connection:
        await connection.execute(
            update(webhooks).where(own).values(description="Old", types=["ROLE_CREATED"])
        )
    return Updated({"webhookId": webhook.id}, own)


async def _other_key(world: World, brand: Brand) -> str:
    return (await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)).id


UPDATES = {
    "webhookUpdate": Update(
        webhooks,
        _webhook,
        {
            "url": Field("https://hooks.example.com/new", ("url",), Null.REFUSED),
            "apiKeyId": Field(_other_key, ("api_key_id",), Null.REFUSED),
            "types": Field(["MEMBER_INVITED"], ("types",), Null.REFUSED),
            "includeDescendants": Field(True, ("include_descendants",), Null.REFUSED),
            "document": Field("{ viewer { user { id } } }", ("document",), None),
            "description": Field("New", ("description",), None),
        },
    ),
}
