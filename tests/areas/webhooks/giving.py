"""Webhooks of accounts, written straight into the database."""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, literal, select

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, MasterId, WebhookDeliveryId, WebhookId, new_id, present
from models.effects.log_numbers import first_open_number
from models.webhooks.tables import (
    WebhookPauseReason,
    WebhookStatus,
    webhook_deliveries,
    webhook_tries,
    webhooks,
)
from resolvers.sealing.keyring import Keyring
from resolvers.webhooks.places import cursor_before
from resolvers.webhooks.signing_secrets import new_secret
from tests.world.world import Account, ApiKey, World

KEYRING = Keyring([b"another secret of the tests"])
"""That of the tests' application."""


@dataclass(frozen=True)
class Webhook:
    """A webhook, its key and its secret as the receiver knows it."""

    key: WebhookId
    account: Account
    api_key: ApiKey
    secret: str

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.WEBHOOK, self.key)


async def give_webhook(
    world: World,
    account: Account,
    url: str = "https://hooks.example.com/in",
    *,
    api_key: ApiKey | None = None,
    include_descendants: bool = False,
    document: str | None = None,
    paused: bool = False,
) -> Webhook:
    """The account has the webhook, for all events that come from now on."""
    key = api_key or await world.api_key(account, BuiltinRole.ADMINISTRATOR)
    webhook_id = WebhookId(new_id())
    secret = new_secret(KEYRING, MasterId(account.master), webhook_id)
    pausing = {
        "status": WebhookStatus.PAUSED.value,
        "pause_reason": WebhookPauseReason.FAILING.value,
        "paused_at": func.now(),
    }
    number = first_open_number()
    async with world.database.begin() as connection:
        await connection.execute(
            insert(webhooks).values(
                master_id=account.master,
                account_id=account.key,
                id=webhook_id,
                url=url,
                api_key_id=key.key,
                types=[],
                include_descendants=include_descendants,
                document=document,
                secret=secret.sealed,
                read_cursor=cursor_before(number),
                read_transaction=select(number).scalar_subquery(),
                **(pausing if paused else {}),
            )
        )
    return Webhook(webhook_id, account, key, secret.shown)


async def give_delivery(world: World, webhook: Webhook, *, event_id: uuid.UUID | None = None) -> str:
    """A delivery that waits for tomorrow, with one try, of a test if there is no event; its id as clients see
    it."""
    delivery_id = WebhookDeliveryId(new_id())
    place = {"master_id": webhook.account.master, "account_id": webhook.account.key}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(webhook_deliveries).values(
                **place,
                id=delivery_id,
                webhook_id=webhook.key,
                event_id=event_id,
                next_try_at=func.now() + func.make_interval(0, 0, 0, 1),
            )
        )
        tried = {"delivery_id": delivery_id, "id": new_id(), "problem": "TIMED_OUT", "milliseconds": 10_000}
        await connection.execute(insert(webhook_tries).values(**place, **tried, tried_at=func.now()))
    return present(Kind.WEBHOOK_DELIVERY, delivery_id)


async def forget_webhooks(world: World, account: Account) -> None:
    """The account has no webhooks."""
    async with world.database.begin() as connection:
        await connection.execute(delete(webhooks).where(webhooks.c.account_id == literal(account.key)))
