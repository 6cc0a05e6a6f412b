"""The rows of the matrix for webhooks."""

import datetime

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, new_id
from tests.areas.webhooks.giving import forget_webhooks, give_delivery, give_webhook
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, LASTING_MANAGERS, MANAGERS, OUTSIDE, Stage
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Values, lasting, outlived, table

WEBHOOK_READERS = MANAGERS | {"developer"}
"""A developer may change webhooks, but holds less than the key of an administrator."""


async def _create(stage: Stage) -> Values:
    await forget_webhooks(stage.world, stage.account)
    key = await stage.world.api_key(stage.account, BuiltinRole.ADMINISTRATOR)
    return {"accountId": stage.account.id, "url": "https://hooks.example.com/in", "apiKeyId": key.id}


async def _webhook(stage: Stage) -> Values:
    return {"webhookId": (await give_webhook(stage.world, stage.account)).id}


async def _update(stage: Stage) -> Values:
    return {**await _webhook(stage), "expectedVersion": 1, "url": "https://hooks.example.com/other"}


async def _replay(stage: Stage) -> Values:
    now = datetime.datetime.now(datetime.UTC)
    return {
        **await _webhook(stage),
        "since": (now - datetime.timedelta(days=1)).isoformat(),
        "until": now.isoformat(),
    }


async def _delivery(stage: Stage) -> Values:
    webhook = await give_webhook(stage.world, stage.account)
    return {"deliveryId": await give_delivery(stage.world, webhook, event_id=new_id())}


async def _paused(stage: Stage) -> Values:
    return {"webhookId": (await give_webhook(stage.world, stage.account, paused=True)).id}


_NEEDS_THE_KEYS_RIGHTS = table(
    (ANONYMOUS, "UNAUTHENTICATED"),
    (OUTSIDE, "NOT_FOUND"),
    (INSIDE - WEBHOOK_READERS, "FORBIDDEN WEBHOOKS_WRITE"),
    *outlived(MANAGERS),
    (LASTING_MANAGERS, DONE),
    (WEBHOOK_READERS - MANAGERS, "ROLE_TOO_WIDE"),
)

_WRITERS = lasting("WEBHOOKS_WRITE", WEBHOOK_READERS)

MUTATIONS = {
    "webhookCreate": Mutation("WEBHOOKS_WRITE", _NEEDS_THE_KEYS_RIGHTS, _create),
    "webhookUpdate": Mutation("WEBHOOKS_WRITE", _NEEDS_THE_KEYS_RIGHTS, _update),
    "webhookDelete": Mutation("WEBHOOKS_WRITE", _WRITERS, _webhook),
    "webhookSecretRotate": Mutation("WEBHOOKS_WRITE", _WRITERS, _webhook),
    "webhookTest": Mutation("WEBHOOKS_WRITE", _WRITERS, _webhook),
    "webhookReplay": Mutation("WEBHOOKS_WRITE", _WRITERS, _replay),
    "webhookReplayCancel": Mutation("WEBHOOKS_WRITE", _WRITERS, _webhook),
    "webhookDeliveryRetry": Mutation("WEBHOOKS_WRITE", _WRITERS, _delivery),
    "webhookPause": Mutation("WEBHOOKS_WRITE", _WRITERS, _webhook),
    "webhookResume": Mutation("WEBHOOKS_WRITE", _WRITERS, _paused),
}


ACCOUNT_FIELDS = {
    "webhooks": ("WEBHOOKS_READ", WEBHOOK_READERS),
}


async def _node(stage: Stage) -> str:
    return (await give_webhook(stage.world, stage.account)).id


async def _delivery_node(stage: Stage) -> str:
    return await give_delivery(stage.world, await give_webhook(stage.world, stage.account))


NODES = {
    Kind.WEBHOOK: NodeOf(_node, WEBHOOK_READERS),
    Kind.WEBHOOK_DELIVERY: NodeOf(_delivery_node, WEBHOOK_READERS),
}
