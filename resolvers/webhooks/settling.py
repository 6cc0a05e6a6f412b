"""Writing down what became of deliveries, and what follows for their webhook."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, insert, literal, select, update

from authz.guards.locks import lock_shared_path
from authz.wall.webhook_door import enter_for_webhook
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_tree, row_of
from models.base.ids import Kind, new_id, present
from models.effects.events import events
from models.webhooks.tables import (
    WebhookDeliveryStatus,
    WebhookPauseReason,
    WebhookProblem,
    webhook_deliveries,
    webhook_tries,
    webhooks,
)
from resolvers.effects.event_types import EventType
from resolvers.webhooks.requests import Tried
from resolvers.webhooks.rounds import DueDelivery, WebhookAtWork, renew
from resolvers.webhooks.schedule import FAILURE_TOLD_EVERY, LEAST_FAILURES, PATIENCE, pause_after, rest_after
from resolvers.webhooks.tell import FailedDelivery, pause, tell_of_failed


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


def rest_of(webhook: WebhookAtWork, outcomes: Sequence[Outcome]) -> datetime.timedelta:
    """How long nothing is sent to the webhook after this round: as long as the receiver asks, or longer each
    time where nothing was taken and the webhook's document could not be read. Zero: it goes on with what is
    due, also after it took nothing, as each delivery has pauses of its own."""
    tried = [each.tried for each in outcomes if each.tried is not None]
    asked = max((each.asked_wait for each in tried), default=datetime.timedelta())
    if any(each.is_taken for each in outcomes):
        return asked
    if all(each.problem is not WebhookProblem.DATA_NOT_READ for each in tried):
        return asked
    return max(asked, rest_after(webhook.row["failures"] + 1))


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
    failed = _failed_for_good(tried) if _may_tell(webhook) else []
    if failed:
        await lock_shared_path(session, webhook.account.master_id, webhook.account.account_id)
    await _settle_webhook(session, webhook, tried)
    if webhook.row["failing_since"] is not None and any(each.is_taken for each in tried):
        await _bring_forward(session, webhook)
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
        settled = update(webhook_deliveries).where(own, _is_open(outcome)).values(_after(outcome))
        await session.send_built(settled)
    if failed:
        await _tell(session, webhook, failed, by_mail=reason is None)


def _may_tell(webhook: WebhookAtWork) -> bool:
    """Whether none of its deliveries that failed for good was told of lately. The lease keeps others from
    telling meanwhile."""
    told_at = webhook.row["failure_told_at"]
    return told_at is None or told_at <= webhook.now - FAILURE_TOLD_EVERY


def _failed_for_good(tried: Sequence[Outcome]) -> list[Outcome]:
    """Those that are not tried again. A test is none of them: who ordered it looks at it."""
    return [
        each
        for each in tried
        if not each.is_taken
        and each.delivery.event_id is not None
        and pause_after(each.delivery.failures + 1) is None
    ]


async def _tell(
    session: WriteSession, webhook: WebhookAtWork, failed: Sequence[Outcome], *, by_mail: bool
) -> None:
    """Tell of the first one. Where what failed tells itself of a failed delivery, of this webhook or of
    another, nothing is told: else a receiver that refuses such events would have them made without an end.
    """
    ids = [each.delivery.id for each in failed]
    first = (
        select(webhook_deliveries.c.id, webhook_deliveries.c.event_id)
        .join(events, in_tree(events, webhook_deliveries, id="event_id"))
        .where(
            webhook_deliveries.c.master_id == webhook.taken.master_id,
            webhook_deliveries.c.id.in_(ids),
            # It may have been canceled meanwhile.
            webhook_deliveries.c.status == WebhookDeliveryStatus.FAILED.value,
            events.c.type != EventType.WEBHOOK_DELIVERY_FAILED.value,
        )
        .order_by(webhook_deliveries.c.id)
        .limit(1)
    )
    row = (await session.execute(first)).one_or_none()
    if row is None:
        return
    last_try = next(each.tried for each in failed if each.delivery.id == row.id)
    if last_try is None or last_try.problem is None:
        raise AssertionError("what failed was tried")
    told = FailedDelivery(
        present(Kind.WEBHOOK_DELIVERY, row.id),
        present(Kind.EVENT, row.event_id),
        last_try.problem.value,
        last_try.status_code,
    )
    await renew(session, webhook.taken, failure_told_at=func.now())
    await tell_of_failed(
        session, webhook.account, webhook.taken.id, webhook.row["url"], told, by_mail=by_mail
    )


def _is_open(outcome: Outcome) -> ColumnElement[bool]:
    """Whether the delivery waits for the outcome. What was canceled meanwhile stays so, unless it was
    taken."""
    status = webhook_deliveries.c.status
    waits = status == WebhookDeliveryStatus.PENDING.value
    return waits | (status == WebhookDeliveryStatus.CANCELED.value) if outcome.is_taken else waits


def _after(outcome: Outcome) -> dict[str, Any]:
    if outcome.tried is None:
        return _finished(WebhookDeliveryStatus.WITHHELD)
    if outcome.is_taken:
        return _finished(WebhookDeliveryStatus.DELIVERED)
    failures = outcome.delivery.failures + 1
    pause = None if outcome.delivery.event_id is None else pause_after(failures)
    if pause is None:
        return {**_finished(WebhookDeliveryStatus.FAILED), "failures": failures}
    wait = max(pause, outcome.tried.asked_wait)
    return {"failures": failures, "next_try_at": func.now() + literal(wait), "is_urgent": False}


def _finished(status: WebhookDeliveryStatus) -> dict[str, Any]:
    return {"status": status.value, "next_try_at": None, "finished_at": func.now(), "is_urgent": False}


async def _settle_webhook(session: WriteSession, webhook: WebhookAtWork, tried: Sequence[Outcome]) -> None:
    """How the webhook is doing, and whether it rests. That a test failed tells nothing of events. Locks its
    row."""
    if not tried:
        await renew(session, webhook.taken)
        return
    rest = rest_of(webhook, tried)
    values: dict[str, Any] = {"rests_until": func.now() + literal(rest) if rest else None}
    if any(each.is_taken for each in tried):
        values |= {"failures": 0, "failing_since": None}
    elif any(each.delivery.event_id is not None for each in tried):
        failing_since = func.coalesce(webhooks.c.failing_since, func.now())
        values |= {"failures": webhook.row["failures"] + 1, "failing_since": failing_since}
    await renew(session, webhook.taken, **values)


async def _bring_forward(session: WriteSession, webhook: WebhookAtWork) -> None:
    """Have all that failed while the webhook took nothing tried at once, now that it takes something again.
    What it refused before as well waits as ever: else an event that it always refuses would have its ten
    tries within those ten of others that it takes."""
    delivery, tried = webhook_deliveries.c, webhook_tries.c
    refused_before = exists().where(
        in_tree(webhook_tries, webhook_deliveries, delivery_id="id"),
        tried.tried_at >= delivery.created_at,
        tried.tried_at < webhook.row["failing_since"],
    )
    waiting = (
        (delivery.master_id == webhook.taken.master_id)
        & (delivery.webhook_id == webhook.taken.id)
        & (delivery.status == WebhookDeliveryStatus.PENDING.value)
        & (delivery.next_try_at > func.now())
    )
    forward = update(webhook_deliveries).where(waiting, ~refused_before).values(next_try_at=func.now())
    await session.send_built(forward)


def _pause_reason(webhook: WebhookAtWork, tried: Sequence[Outcome]) -> WebhookPauseReason | None:
    """Why the webhook is to be paused. None: it took something, or may yet. One that is gone wants nothing
    more, whatever it took a moment before."""
    if any(each.tried is not None and each.tried.is_gone for each in tried):
        return WebhookPauseReason.GONE
    if any(each.is_taken for each in tried):
        return None
    since = webhook.row["failing_since"]
    is_enough = bool(tried) and webhook.row["failures"] + 1 >= LEAST_FAILURES
    has_waited = since is not None and since <= webhook.now - PATIENCE
    return WebhookPauseReason.FAILING if is_enough and has_waited else None
