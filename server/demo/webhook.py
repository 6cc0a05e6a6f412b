"""A webhook of the demo, with what became of its deliveries. Nothing is sent: nobody has its address, and a
paused webhook sends nothing."""

import uuid
from collections.abc import Callable

from sqlalchemy import func, select, text, update

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.wall.webhook_door import TakenWebhook
from engine.writes.sessions import WriteSession
from models.accounts.trees import row_of
from models.base.ids import AccountId, MasterId, WebhookId
from models.effects.events import events
from models.webhooks.tables import WebhookProblem, webhooks
from resolvers.api_keys.create import ApiKeyCreation, create_api_key
from resolvers.effects.event_types import EventType
from resolvers.sealing.keyring import Keyring
from resolvers.webhooks.create import WebhookCreation, create_webhook
from resolvers.webhooks.requests import Tried
from resolvers.webhooks.rounds import (
    Found,
    begin_round,
    due_deliveries,
    order_deliveries,
)
from resolvers.webhooks.settling import Outcome, settle_round
from server.demo.sending import Keeper

KEY_NAME = "Webhooks"
_TYPES = (EventType.MEMBER_INVITED, EventType.MEMBER_JOINED)
_EVENTS = 3
_READS = frozenset({Permission.ACCOUNT_READ, Permission.AUDIT_READ, Permission.MEMBERS_READ})
_TAKEN = Tried(status_code=204, problem=None, milliseconds=38)
_GONE = Tried(status_code=410, problem=WebhookProblem.REFUSED, milliseconds=21)


async def make_webhook(
    session: WriteSession, keeper: Keeper, url: str, keyring_source: Callable[[], Keyring]
) -> None:
    """A webhook of a master account that has taken some events and then was gone, so it is paused."""
    reader = ApiKeyCreation(
        keeper.account_id, KEY_NAME, BuiltinRole.ADMINISTRATOR.id, permissions=_READS, expires_at=None
    )
    key = await create_api_key(session, keeper.principal, reader)
    creation = WebhookCreation(
        account_id=keeper.account_id,
        url=url,
        api_key_id=key.api_key_id,
        types=_TYPES,
        include_descendants=True,
        document=None,
        description="Tells the agency's own directory who works for whom",
    )
    made = await create_webhook(session, keeper.principal, creation, keyring_source)
    taken = await _take(session, keeper.account_id, made.webhook_id)
    found = await _events(session, keeper.account_id)
    await _deliver(session, taken, found[:_EVENTS], _TAKEN)
    await _deliver(session, taken, found[_EVENTS : _EVENTS + 1], _GONE)


async def _take(session: WriteSession, account_id: AccountId, webhook_id: WebhookId) -> TakenWebhook:
    """As a worker does it, who would not find it before this transaction is over."""
    taken = TakenWebhook(MasterId(account_id), webhook_id, uuid.uuid4())
    leased = {"lease": taken.lease, "lease_ends_at": func.now() + text("interval '1 minute'")}
    await session.send_built(update(webhooks).where(row_of(webhooks, taken, webhook_id)).values(leased))
    return taken


async def _events(session: WriteSession, account_id: AccountId) -> list[uuid.UUID]:
    names = [each.value for each in _TYPES]
    own = (events.c.master_id == account_id) & (events.c.account_id == account_id) & events.c.type.in_(names)
    return list((await session.execute(select(events.c.id).where(own).order_by(events.c.id))).scalars())


async def _deliver(
    session: WriteSession, taken: TakenWebhook, event_ids: list[uuid.UUID], tried: Tried
) -> None:
    webhook = await begin_round(session, taken)
    if webhook is None:
        raise AssertionError("the webhook was taken just now")
    await order_deliveries(session, webhook, Found(event_ids, None, is_all=True))
    due = await due_deliveries(session, taken)
    await settle_round(session, webhook, [Outcome(delivery, tried) for delivery in due])
