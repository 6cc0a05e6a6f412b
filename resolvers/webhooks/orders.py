"""What people order of a webhook: a test, a replay and its end, and that a delivery is tried at once."""

import datetime
from dataclasses import dataclass

from sqlalchemy import func, insert, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.policy.refusals import RateLimited, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, row_of
from models.base.ids import Kind, WebhookDeliveryId, WebhookId, new_id, present
from models.webhooks.tables import WebhookDeliveryStatus, WebhookStatus, webhook_deliveries, webhooks
from resolvers.effects.attempts import Limit, count_attempts
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from resolvers.webhooks.store import (
    CANCELED,
    WebhookRow,
    locked_delivery,
    locked_webhook,
    log_webhook,
    waiting_for,
)

TESTS = 20
"""How often one webhook can be tested in an hour."""
RETRIES = 100
"""How often deliveries of one webhook can be ordered to be tried at once in an hour."""


async def order_test(session: WriteSession, principal: Principal, webhook_id: WebhookId) -> WebhookDeliveryId:
    """Have a test delivered, which is tried once. Needs WEBHOOKS_WRITE. Raises RateLimited, and
    FAILED_PRECONDITION for a webhook that is paused."""
    account, webhook = await locked_webhook(session, principal, webhook_id)
    _check_active(webhook)
    await _count(session, Limit(f"tests of {webhook_id}", TESTS, datetime.timedelta(hours=1)))
    delivery_id = WebhookDeliveryId(new_id())
    row = {"id": delivery_id, "webhook_id": webhook_id, "next_try_at": func.now(), "is_urgent": True}
    await session.send_built(insert(webhook_deliveries).values(**columns_of(account), **row))
    await _wake(session, account, webhook_id)
    return delivery_id


@dataclass(frozen=True)
class WebhookReplay:
    """`since` and `until`: of the events, by `createdAt`; until: not included."""

    webhook_id: WebhookId
    since: datetime.datetime
    until: datetime.datetime


async def order_replay(session: WriteSession, principal: Principal, command: WebhookReplay) -> None:
    """Have the events of a span of the log delivered again, also those that were delivered. Needs
    WEBHOOKS_WRITE.

    Raises BAD_USER_INPUT for a span that is empty or has not begun, and FAILED_PRECONDITION for a
    webhook that is paused or while another replay is under way.
    """
    if command.since.tzinfo is None or command.until.tzinfo is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must have an offset from UTC.", "since")
    if command.until <= command.since:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must be later than `since`.", "until")
    account, webhook = await locked_webhook(session, principal, command.webhook_id)
    if command.since > webhook.now:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must lie in the past.", "since")
    _check_active(webhook)
    if webhook.replay_until is not None:
        message = "Another replay of the webhook is under way: wait for its end, or `webhookReplayCancel` it."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "webhookId")
    span = {"replay_since": command.since, "replay_until": command.until}
    this = row_of(webhooks, account, command.webhook_id)
    await session.send_built(update(webhooks).where(this).values(**span, replay_cursor=None))
    after: Change = {name: value.astimezone(datetime.UTC).isoformat() for name, value in span.items()}
    type_ = EventType.WEBHOOK_REPLAYED
    await log_webhook(session, principal, account, type_, command.webhook_id, None, after)


async def cancel_replay(session: WriteSession, principal: Principal, webhook_id: WebhookId) -> None:
    """End the replay that is under way, and what waits because of it alone: it is not sent. Needs
    WEBHOOKS_WRITE, in any status of the account. Nothing changes where there is none."""
    account, webhook = await locked_webhook(session, principal, webhook_id, WriteKind.TAKES_AWAY)
    delivery = webhook_deliveries.c
    waiting = waiting_for(account, [webhook_id]) & delivery.is_replay
    canceled = await session.execute(update(webhook_deliveries).where(waiting).values(CANCELED))
    if webhook.replay_until is None and not canceled.rowcount:
        return
    ended = {"replay_since": None, "replay_until": None, "replay_cursor": None}
    await session.send_built(update(webhooks).where(row_of(webhooks, account, webhook_id)).values(ended))
    after: Change = {"deliveries_canceled": canceled.rowcount}
    type_ = EventType.WEBHOOK_REPLAY_CANCELED
    await log_webhook(session, principal, account, type_, webhook_id, None, after)


async def retry_delivery(session: WriteSession, principal: Principal, delivery_id: WebhookDeliveryId) -> None:
    """Have a delivery tried at once that was not taken, before all that waits, and up to ten times again.
    Needs WEBHOOKS_WRITE.

    Raises NotFound, RateLimited, and FAILED_PRECONDITION for one that was taken, for a test, and for a
    webhook that is paused.
    """
    account, webhook, delivery = await locked_delivery(session, principal, delivery_id)
    _check_active(webhook, "deliveryId")
    if delivery.event_id is None:
        message = "A test is tried once: order another one with `webhookTest`."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "deliveryId")
    if delivery.status == WebhookDeliveryStatus.DELIVERED.value:
        message = "It was delivered. `webhookReplay` sends it again."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "deliveryId")
    await _count(session, Limit(f"retries of {webhook.id}", RETRIES, datetime.timedelta(hours=1)))
    opened = {
        "status": WebhookDeliveryStatus.PENDING.value,
        "failures": 0,
        "next_try_at": func.now(),
        "finished_at": None,
        "is_replay": False,
        "is_urgent": True,
    }
    this = row_of(webhook_deliveries, account, delivery_id)
    await session.send_built(update(webhook_deliveries).where(this).values(opened))
    await _wake(session, account, webhook.id)
    before: Change = {"status": delivery.status}
    after: Change = {"delivery_id": present(Kind.WEBHOOK_DELIVERY, delivery_id)}
    type_ = EventType.WEBHOOK_DELIVERY_RETRIED
    await log_webhook(session, principal, account, type_, webhook.id, before, after)


async def _count(session: WriteSession, limit: Limit) -> None:
    (tried,) = await count_attempts(session, [limit])
    if tried.times > limit.most:
        raise RateLimited(tried.seconds_left)


async def _wake(session: WriteSession, account: Authorized, webhook_id: WebhookId) -> None:
    """It rests no more: somebody waits."""
    rested = update(webhooks).where(row_of(webhooks, account, webhook_id)).values(rests_until=None)
    await session.send_built(rested)


def _check_active(webhook: WebhookRow, field: str = "webhookId") -> None:
    if webhook.status != WebhookStatus.ACTIVE.value:
        message = "The webhook is paused: have it go on with `webhookResume` first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, field)
