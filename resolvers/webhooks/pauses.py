"""Pausing a webhook by hand, and having it go on. `tell` has what pauses it by itself."""

from sqlalchemy import func

from authz.callers.principals import Principal
from authz.guards.exclusive import WriteKind
from engine.writes.sessions import WriteSession
from models.base.ids import WebhookId
from models.webhooks.tables import WebhookPauseReason, WebhookStatus
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from resolvers.webhooks.store import check_key_of, locked_webhook, log_webhook, write_webhook


async def order_pause(session: WriteSession, principal: Principal, webhook_id: WebhookId) -> None:
    """Deliver nothing until somebody resumes it; the log and what waits keep what comes meanwhile. What is
    under way may still arrive. Needs WEBHOOKS_WRITE, in any status of the account. Nothing changes for a
    webhook that is paused."""
    account, webhook = await locked_webhook(session, principal, webhook_id, WriteKind.TAKES_AWAY)
    if webhook.status == WebhookStatus.PAUSED.value:
        return
    reason = WebhookPauseReason.ORDERED.value
    paused: dict[str, object] = {
        "status": WebhookStatus.PAUSED.value,
        "pause_reason": reason,
        "paused_at": func.now(),
    }
    await write_webhook(session, account, webhook, paused)
    after: Change = {"url": webhook.url, "reason": reason}
    await log_webhook(session, principal, account, EventType.WEBHOOK_PAUSED, webhook_id, None, after)


async def resume(session: WriteSession, principal: Principal, webhook_id: WebhookId) -> None:
    """Go on after a pause, with what came meanwhile. Needs WEBHOOKS_WRITE. Nothing changes for a webhook that
    is not paused. Raises FAILED_PRECONDITION for one whose key cannot read for it: it would be paused
    again at once."""
    account, webhook = await locked_webhook(session, principal, webhook_id)
    if webhook.status == WebhookStatus.ACTIVE.value:
        return
    await check_key_of(session, account, webhook)
    active = {"status": WebhookStatus.ACTIVE.value, "pause_reason": None, "paused_at": None}
    rested = {"failing_since": None, "failures": 0, "rests_until": None}
    await write_webhook(session, account, webhook, {**active, **rested})
    before: Change = {"pause_reason": webhook.pause_reason, "url": webhook.url}
    await log_webhook(session, principal, account, EventType.WEBHOOK_RESUMED, webhook_id, before)
