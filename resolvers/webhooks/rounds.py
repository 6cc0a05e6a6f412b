"""What a worker writes while it is at work on a webhook.

A worker takes a webhook for a minute (`authz.wall.webhook_door`), so that two are never at work on the same
one. It then works in rounds. A round reads the log on from where something concerns the webhook, with the
rights of its API key. It orders a delivery for each event that it finds, and tries the deliveries that are
due.
Each step is a transaction, and each renews the minute. A worker that dies leaves deliveries that are due
again when the minute has passed; one that is late finds its lease gone, and writes nothing.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, exists, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Credentials, PrincipalKind
from authz.callers.tokens import Digest
from authz.wall.webhook_door import TakenWebhook, enter_for_webhook
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_tree, row_of
from models.api_keys.tables import api_keys
from models.base.ids import AccountId, AccountKey, WebhookDeliveryId, new_ids
from models.effects.log_numbers import first_open_number
from models.webhooks.tables import (
    WebhookDeliveryStatus,
    WebhookPauseReason,
    WebhookStatus,
    webhook_deliveries,
    webhook_news,
    webhook_routing,
    webhooks,
)
from resolvers.webhooks.places import cursor_before
from resolvers.webhooks.tell import pause

AT_ONCE = 8
"""Deliveries to one webhook that are under way together."""
_MOST_WAITING = 1_000
"""Deliveries of a webhook that wait. The log is not read on while there are more: it keeps the rest."""
_A_MINUTE = text("interval '1 minute'")


@dataclass(frozen=True)
class Replay:
    """A span of the log that is delivered again, and how far that has come."""

    since: datetime.datetime
    until: datetime.datetime
    cursor: str | None


@dataclass(frozen=True)
class WebhookAtWork:
    """A webhook as it is when a round begins. `key`: the credentials of its API key. `settled`: events of
    transactions with smaller numbers can be read by now. `reads_on`: there is room for more deliveries."""

    taken: TakenWebhook
    account: AccountKey
    row: Mapping[str, Any]
    key: Credentials
    now: datetime.datetime
    settled: int
    reads_on: bool

    @property
    def replay(self) -> Replay | None:
        """The replay that is under way."""
        since, until = self.row["replay_since"], self.row["replay_until"]
        return None if until is None else Replay(since, until, self.row["replay_cursor"])


@dataclass(frozen=True)
class DueDelivery:
    """A delivery that is to be tried now. `event_id` None: a test."""

    id: WebhookDeliveryId
    event_id: uuid.UUID | None
    failures: int


async def begin_round(session: WriteSession, taken: TakenWebhook) -> WebhookAtWork | None:
    """The webhook, for another minute. None: it is paused or gone, or the worker's time has passed."""
    if not await enter_for_webhook(session, taken):
        return None
    waiting = (
        select(literal(1))
        .where(
            webhook_deliveries.c.master_id == taken.master_id,
            webhook_deliveries.c.webhook_id == taken.id,
            webhook_deliveries.c.status == WebhookDeliveryStatus.PENDING.value,
        )
        .limit(_MOST_WAITING)
        .subquery("waiting")
    )
    number = select(func.count()).select_from(waiting).scalar_subquery()
    key = api_keys.c
    routed = select(webhook_routing.c.transaction_id).scalar_subquery()
    # Nothing concerns it before: neither what was routed, nor what was read.
    concerned = func.greatest(
        webhooks.c.read_transaction, func.coalesce(webhook_news.c.first_transaction, routed)
    )
    found = (
        select(
            *webhooks.c,
            concerned.label("concerned"),
            key.digest.label("key_digest"),
            key.is_test.label("key_is_test"),
            func.now().label("now"),
            first_open_number().label("settled"),
            (number < _MOST_WAITING).label("reads_on"),
        )
        .join(api_keys, in_tree(api_keys, webhooks, id="api_key_id"))
        .outerjoin(webhook_news, in_tree(webhook_news, webhooks, webhook_id="id"))
        .where(row_of(webhooks, taken, taken.id), webhooks.c.status == WebhookStatus.ACTIVE.value)
    )
    row = (await session.execute(found)).mappings().one_or_none()
    if row is None:
        return None
    read_cursor = row["read_cursor"]
    if row["concerned"] > row["read_transaction"]:
        read_cursor = await _skipped_to(session, taken, row["concerned"])
        if read_cursor is None:
            return None
    else:
        await renew(session, taken)
    return WebhookAtWork(
        taken,
        AccountKey(taken.master_id, AccountId(row["account_id"])),
        {**row, "read_cursor": read_cursor},
        Credentials(Digest(row["key_digest"]), kind=PrincipalKind.API_KEY, is_test=row["key_is_test"]),
        row["now"],
        row["settled"],
        row["reads_on"],
    )


async def _skipped_to(session: WriteSession, taken: TakenWebhook, number: int) -> str | None:
    """Go on in the log with the transaction of this number. Returns the cursor before it; None: the webhook
    is gone."""
    place = cursor_before(literal(number, webhooks.c.read_transaction.type))
    skipped = _of(taken).values(
        lease_ends_at=func.now() + _A_MINUTE, read_cursor=place, read_transaction=number
    )
    found = (await session.execute(skipped.returning(webhooks.c.read_cursor))).scalar_one_or_none()
    return None if found is None else str(found)


@dataclass(frozen=True)
class Found:
    """Events that were found in the log, in their order. `cursor`: of the last one; None: there was none.
    `is_all`: there are no more by now."""

    event_ids: Sequence[uuid.UUID]
    cursor: str | None
    is_all: bool


async def order_deliveries(session: WriteSession, webhook: WebhookAtWork, found: Found) -> None:
    """Order a delivery for each event, and remember how far the log was read. What a replay alone has
    ordered, also one that was canceled, is now wanted for its own sake."""
    if not await enter_for_webhook(session, webhook.taken):
        return
    place: dict[str, Any] = {"read_cursor": found.cursor}
    if found.is_all:
        number = literal(webhook.settled, webhooks.c.read_transaction.type)
        place = {"read_cursor": cursor_before(number), "read_transaction": webhook.settled}
    if not await _moved(session, _of(webhook.taken), **place):
        return
    if found.is_all:
        await session.send_built(_news_before(webhook))
    await _order(session, webhook, found.event_ids, is_replay=False)


def _news_before(webhook: WebhookAtWork) -> Any:
    """Deletes the note of what concerned the webhook, unless more has come since the round began."""
    news = webhook_news.c
    return delete(webhook_news).where(
        news.master_id == webhook.taken.master_id,
        news.webhook_id == webhook.taken.id,
        news.last_transaction < webhook.settled,
    )


async def order_again(session: WriteSession, webhook: WebhookAtWork, found: Found) -> None:
    """The same for a replay, which also delivers what was delivered, or has failed."""
    replay = webhook.replay
    if replay is None or not await enter_for_webhook(session, webhook.taken):
        return
    # Meanwhile it may have been canceled, and another one ordered.
    same = _of(webhook.taken).where(
        webhooks.c.replay_since == replay.since,
        webhooks.c.replay_until == replay.until,
        webhooks.c.replay_cursor.is_not_distinct_from(replay.cursor),
    )
    ended = {"replay_since": None, "replay_until": None, "replay_cursor": None}
    if await _moved(session, same, **(ended if found.is_all else {"replay_cursor": found.cursor})):
        await _order(session, webhook, found.event_ids, is_replay=True)


async def _order(
    session: WriteSession, webhook: WebhookAtWork, event_ids: Sequence[uuid.UUID], *, is_replay: bool
) -> None:
    if not event_ids:
        return
    old = webhook_deliveries.c
    rows = [
        {**columns_of(webhook.account), "id": id_, "webhook_id": webhook.taken.id, "event_id": event_id}
        for id_, event_id in zip(new_ids(len(event_ids)), event_ids, strict=True)
    ]
    inserted = upsert(webhook_deliveries).values(
        [{**row, "next_try_at": func.now(), "is_replay": is_replay} for row in rows]
    )
    waits = old.status == WebhookDeliveryStatus.PENDING.value
    canceled = old.status == WebhookDeliveryStatus.CANCELED.value
    new = inserted.excluded
    await session.send_built(
        inserted.on_conflict_do_update(
            index_elements=["master_id", "webhook_id", "event_id"],
            index_where=old.event_id.is_not(None),
            set_={
                "status": new.status,
                "failures": 0,
                "next_try_at": new.next_try_at,
                "finished_at": None,
                "created_at": new.created_at,
                # What waits for its own sake goes on to do so.
                "is_replay": new.is_replay & (old.is_replay | ~waits),
            },
            # A replay opens all of them again, else only what a replay has ordered before.
            where=new.is_replay | canceled | (waits & old.is_replay),
        )
    )


async def due_deliveries(session: WriteSession, taken: TakenWebhook) -> Sequence[DueDelivery]:
    """What is to be tried now: what somebody waits for, then the oldest first."""
    if not await enter_for_webhook(session, taken):
        return []
    delivery = webhook_deliveries.c
    due = (
        select(delivery.id, delivery.event_id, delivery.failures)
        .where(
            and_(delivery.master_id == taken.master_id, delivery.webhook_id == taken.id),
            delivery.status == WebhookDeliveryStatus.PENDING.value,
            delivery.next_try_at <= func.now(),
            # Somebody may have paused it since the round began.
            exists().where(
                row_of(webhooks, taken, taken.id), webhooks.c.status == WebhookStatus.ACTIVE.value
            ),
        )
        .order_by(delivery.is_urgent.desc(), delivery.next_try_at, delivery.id)
        .limit(AT_ONCE)
    )
    rows = (await session.execute(due)).all()
    return [DueDelivery(WebhookDeliveryId(row.id), row.event_id, row.failures) for row in rows]


async def wait_for_room(session: WriteSession, webhook: WebhookAtWork) -> None:
    """Leave it alone until its next delivery is due: it is full, so nothing new is read before. A minute at
    most, as the end of a replay makes room, too."""
    if not await enter_for_webhook(session, webhook.taken):
        return
    delivery = webhook_deliveries.c
    next_try = select(func.min(delivery.next_try_at)).where(
        delivery.master_id == webhook.taken.master_id,
        delivery.webhook_id == webhook.taken.id,
        delivery.status == WebhookDeliveryStatus.PENDING.value,
    )
    rest = func.least(next_try.scalar_subquery(), func.now() + _A_MINUTE)
    await renew(session, webhook.taken, rests_until=rest)


async def pause_at_work(session: WriteSession, webhook: WebhookAtWork, reason: WebhookPauseReason) -> None:
    """Pause the webhook, if the worker is still at work on it."""
    if await enter_for_webhook(session, webhook.taken):
        await pause(session, webhook.account, webhook.taken.id, reason)


async def give_back(session: WriteSession, taken: TakenWebhook) -> None:
    """The next worker may take the webhook."""
    if await enter_for_webhook(session, taken):
        await session.send_built(_of(taken).values(lease=None, lease_ends_at=None))


async def renew(session: WriteSession, taken: TakenWebhook, **values: Any) -> None:
    """Give the worker another minute, and columns of the webhook these values. Locks the webhook's row, which
    comes before those of its deliveries."""
    await session.send_built(_of(taken).values(lease_ends_at=func.now() + _A_MINUTE, **values))


async def _moved(session: WriteSession, place: Any, **values: Any) -> bool:
    """The same for a place in the log. False, and nothing is written: the webhook or the replay is gone."""
    moved = place.values(lease_ends_at=func.now() + _A_MINUTE, **values).returning(webhooks.c.id)
    return (await session.execute(moved)).one_or_none() is not None


def _of(taken: TakenWebhook) -> Any:
    return update(webhooks).where(row_of(webhooks, taken, taken.id), webhooks.c.lease == taken.lease)
