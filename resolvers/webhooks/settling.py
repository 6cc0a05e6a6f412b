"""Writing down what became of deliveries, and what follows for their webhook."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, literal, update

from authz.wall.webhook_door import enter_for_webhook
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, row_of
from models.base.ids import new_id
from models.webhooks.tables import (
    WebhookDeliveryStatus,
    WebhookPauseReason,
    webhook_deliveries,
    webhook_tries,
    webhooks,
)
from resolvers.webhooks.requests import Tried
from resolvers.webhooks.rounds import DueDelivery, WebhookAtWork
from resolvers.webhooks.schedule import LEAST_FAILURES, PATIENCE, pause_after, rest_after
from resolvers.webhooks.tell import pause


@dataclass(frozen=True)
class Outcome:
    """What became of a delivery. `tried` None: the webhook's key may not read the event any more, so nothing
    was sent."""

    delivery: DueDelivery
    tried: Tried | None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver took it."""
        return self.tried is not None and self.tried.problem is None


async def settle_round(session: WriteSession, webhook: WebhookAtWork, outcomes: Sequence[Outcome]) -> None:
    """Write the outcomes of a round. Nothing is written if the worker's time has passed: then another one
    delivers the same again, under the same `webhook-id`."""
    if not outcomes or not await enter_for_webhook(session, webhook.taken):
        return
    tried = [each for each in outcomes if each.tried is not None]
    reason = _pause_reason(webhook, tried)
    if reason is not None:
        # First: it locks the account, as mutations do before they lock the webhook.
        await pause(session, webhook.account, webhook.taken.id, reason)
    tries = [
        {
            **columns_of(webhook.account),
            "delivery_id": outcome.delivery.id,
            "id": new_id(),
            "status_code": outcome.tried.status_code,
            "problem": None if outcome.tried.problem is None else outcome.tried.problem.value,
            "milliseconds": outcome.tried.milliseconds,
            "tried_at": func.now(),
        }
        for outcome in outcomes
        if outcome.tried is not None
    ]
    if tries:
        await session.send_built(insert(webhook_tries).values(tries))
    for outcome in outcomes:
        own = row_of(webhook_deliveries, webhook.taken, outcome.delivery.id)
        pending = webhook_deliveries.c.status == WebhookDeliveryStatus.PENDING.value
        await session.send_built(update(webhook_deliveries).where(own, pending).values(_after(outcome)))
    await _settle_webhook(session, webhook, tried)


def _after(outcome: Outcome) -> dict[str, Any]:
    if outcome.tried is None:
        return _finished(WebhookDeliveryStatus.WITHHELD)
    if outcome.is_taken:
        return _finished(WebhookDeliveryStatus.DELIVERED)
    failures = outcome.delivery.failures + 1
    wait = None if outcome.delivery.event_id is None else pause_after(failures)
    if wait is None:
        return {**_finished(WebhookDeliveryStatus.FAILED), "failures": failures}
    return {"failures": failures, "next_try_at": func.now() + literal(wait)}


def _finished(status: WebhookDeliveryStatus) -> dict[str, Any]:
    return {"status": status.value, "next_try_at": None, "finished_at": func.now()}


async def _settle_webhook(session: WriteSession, webhook: WebhookAtWork, tried: Sequence[Outcome]) -> None:
    """One that took nothing rests, so that it costs little while it is down."""
    if not tried:
        return
    own = row_of(webhooks, webhook.taken, webhook.taken.id)
    if any(each.is_taken for each in tried):
        healthy = {"failures": 0, "failing_since": None, "rests_until": None}
        await session.send_built(update(webhooks).where(own).values(healthy))
        return
    failures = webhook.row["failures"] + 1
    await session.send_built(
        update(webhooks)
        .where(own)
        .values(
            failures=failures,
            failing_since=func.coalesce(webhooks.c.failing_since, func.now()),
            rests_until=func.now() + literal(rest_after(failures)),
        )
    )


def _pause_reason(webhook: WebhookAtWork, tried: Sequence[Outcome]) -> WebhookPauseReason | None:
    """Why the webhook is to be paused. None: it took something, or may yet."""
    if any(each.is_taken for each in tried):
        return None
    if any(each.tried is not None and each.tried.is_gone for each in tried):
        return WebhookPauseReason.GONE
    since = webhook.row["failing_since"]
    is_enough = bool(tried) and webhook.row["failures"] + 1 >= LEAST_FAILURES
    has_waited = since is not None and since <= webhook.now - PATIENCE
    return WebhookPauseReason.FAILING if is_enough and has_waited else None
