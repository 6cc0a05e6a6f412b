"""Webhooks and their deliveries, as those see them who may see an account's webhooks."""

import datetime
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, exists, func, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from models.effects.events import events
from models.webhooks.tables import (
    WebhookDeliveryStatus,
    WebhookStatus,
    webhook_deliveries,
    webhook_tries,
    webhooks,
)
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, known_person, row_by_id, rows_of

BY_ID = Order("webhooks", (webhooks.c.id,))
"""Oldest first."""
NEWEST_FIRST = Order("webhookDeliveries", (webhook_deliveries.c.id,), descending=True)


def of_account(account: FromClause) -> Select[Any]:
    """The account's own webhooks, oldest first. Those of accounts above or below are not among them, even if
    they deliver this account's events."""
    return rows_of(webhooks, account, account_id="id")


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.WEBHOOK)]) -> Select[Any]:
    """A webhook of an account whose webhooks the viewer may see."""
    return row_by_id(webhooks, id, Permission.WEBHOOKS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The webhook, as it is now."""
    return row_by_id(webhooks, result.c.webhook_id, Permission.WEBHOOKS_READ)


def account_of(webhook: FromClause) -> Select[Any]:
    """The account that the webhook belongs to."""
    return account_behind(webhook)


def key_of(webhook: FromClause) -> Select[Any]:
    """The API key with whose rights events are read for it; null if you may not see the account's keys."""
    key = api_keys.alias()
    visible = account_where(webhook, Permission.API_KEYS_READ)
    return select(*key.c).where(in_tree(key, webhook, id="api_key_id"), visible)


def creator_of(webhook: FromClause) -> Select[Any]:
    """The person who created it; null if an API key did, or if you may not see the members."""
    return known_person(webhook, "creator_user_id")


def previous_secret_expires_at(webhook: FromClause) -> ColumnElement[datetime.datetime | None]:
    """Until when deliveries are signed with the secret from before the last rotation too; null if they are
    not."""
    end = webhook.c.previous_secret_expires_at
    return case((end > func.now(), end))


def deliveries_of(
    webhook: FromClause,
    status: Annotated[WebhookDeliveryStatus | None, Described("Only deliveries of this status.")] = None,
) -> Select[Any]:
    """What was delivered in the last 30 days, or is to be, the newest first. Of an event there is one
    delivery."""
    found = rows_of(webhook_deliveries, webhook, webhook_id="id")
    if status is None:
        return found
    column = next(each for each in found.selected_columns if each.name == "status")
    return found.where(column == status.value)


def delivery_by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.WEBHOOK_DELIVERY)]) -> Select[Any]:
    """A delivery of a webhook that the viewer may see."""
    delivery, webhook = webhook_deliveries.alias(), webhooks.alias()
    is_there = exists().where(in_tree(webhook, delivery, id="webhook_id"))
    seen = account_where(delivery, Permission.WEBHOOKS_READ)
    return select(*delivery.c).where(delivery.c.id == id, is_there, seen)


def delivery_of_result(result: FromClause) -> Select[Any]:
    """The delivery that was ordered."""
    return row_by_id(webhook_deliveries, result.c.delivery_id, Permission.WEBHOOKS_READ)


def event_of(delivery: FromClause) -> Select[Any]:
    """The event; null for a test, and if you may not read the log that it is in."""
    event = events.alias()
    visible = account_where(event, Permission.AUDIT_READ)
    return select(*event.c).where(in_tree(event, delivery, id="event_id"), visible)


def is_test(delivery: FromClause) -> ColumnElement[bool]:
    """Whether it is a test, which tells of no event."""
    return delivery.c.event_id.is_(None)


def next_try_at(delivery: FromClause) -> ColumnElement[datetime.datetime | None]:
    """When it is tried next. A moment that has passed: it is due, and waits for those before it, of which
    eight are tried at a time. Null if it is not tried any more, and while its webhook is paused."""
    webhook = webhooks.alias()
    moment = func.greatest(delivery.c.next_try_at, webhook.c.rests_until)
    of_active = (
        select(moment)
        .where(in_tree(webhook, delivery, id="webhook_id"), webhook.c.status == WebhookStatus.ACTIVE.value)
        .scalar_subquery()
    )
    return case((delivery.c.next_try_at.is_not(None), of_active))


def tries_of(delivery: FromClause) -> Select[Any]:
    """The tries of the last 30 days, in their order."""
    return rows_of(webhook_tries, delivery, delivery_id="id")
