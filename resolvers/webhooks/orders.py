"""What people order of a webhook: a test, a replay, and to go on after a pause."""

import datetime
from dataclasses import dataclass

from sqlalchemy import func, insert, update

from authz.callers.principals import Principal
from authz.policy.refusals import RateLimited, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, row_of
from models.base.ids import WebhookDeliveryId, WebhookId, new_id
from models.webhooks.tables import WebhookStatus, webhook_deliveries, webhooks
from resolvers.effects.attempts import Limit, count_attempts
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from resolvers.webhooks.store import WebhookRow, check_key_of, locked_webhook, log_webhook

TESTS = 20
"""How often one webhook can be tested in an hour."""


async def order_test(session: WriteSession, principal: Principal, webhook_id: WebhookId) -> WebhookDeliveryId:
    """Have a test delivered, which is tried once. Needs WEBHOOKS_WRITE. Raises RateLimited, and
    FAILED_PRECONDITION for a webhook that is paused."""
    account, webhook = await locked_webhook(session, principal, webhook_id)
    _check_active(webhook)
    limit = Limit(f"tests of {webhook_id}", TESTS, datetime.timedelta(hours=1))
    (tried,) = await count_attempts(session, [limit])
    if tried.times > limit.most:
        raise RateLimited(tried.seconds_left)
    delivery_id = WebhookDeliveryId(new_id())
    row = {"id": delivery_id, "webhook_id": webhook_id, "next_try_at": func.now()}
    await session.send_built(insert(webhook_deliveries).values(**columns_of(account), **row))
    # Somebody waits for it.
    await session.send_built(
        update(webhooks).where(row_of(webhooks, account, webhook_id)).values(rests_until=None)
    )
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
        message = "Another replay of the webhook is under way: wait for its end."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "webhookId")
    span = {"replay_since": command.since, "replay_until": command.until}
    this = row_of(webhooks, account, command.webhook_id)
    await session.send_built(update(webhooks).where(this).values(**span, replay_cursor=None))
    after: Change = {name: value.astimezone(datetime.UTC).isoformat() for name, value in span.items()}
    type_ = EventType.WEBHOOK_REPLAYED
    await log_webhook(session, principal, account, type_, command.webhook_id, None, after)


async def resume(session: WriteSession, principal: Principal, webhook_id: WebhookId) -> None:
    """Go on after a pause, with what came meanwhile. Needs WEBHOOKS_WRITE. Nothing changes for a webhook that
    is not paused. Raises FAILED_PRECONDITION for one whose key cannot read for it: it would be paused
    again at once."""
    account, webhook = await locked_webhook(session, principal, webhook_id)
    if webhook.status == WebhookStatus.ACTIVE.value:
        return
    await check_key_of(session, account, webhook)
    values: dict[str, object] = {
        "status": WebhookStatus.ACTIVE.value,
        "pause_reason": None,
        "paused_at": None,
    }
    values |= {"failing_since": None, "failures": 0, "rests_until": None, "version": webhooks.c.version + 1}
    await session.send_built(update(webhooks).where(row_of(webhooks, account, webhook_id)).values(values))
    before: Change = {"pause_reason": webhook.pause_reason, "url": webhook.url}
    await log_webhook(session, principal, account, EventType.WEBHOOK_RESUMED, webhook_id, before)


def _check_active(webhook: WebhookRow) -> None:
    if webhook.status != WebhookStatus.ACTIVE.value:
        message = "The webhook is paused: have it go on with `webhookResume` first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "webhookId")
