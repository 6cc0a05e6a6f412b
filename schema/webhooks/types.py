"""Webhooks, their deliveries and the tries of these."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_names_of, enum_of, global_id
from engine.declare.connections import Connection
from engine.declare.declarations import SELDOM_MORE, column, computed, connection, entity, to_many, to_one
from models.base.ids import Kind
from models.webhooks.tables import (
    WebhookDeliveryStatus,
    WebhookPauseReason,
    WebhookProblem,
    WebhookStatus,
    webhook_deliveries,
    webhook_tries,
    webhooks,
)
from resolvers.effects.event_types import EventType
from resolvers.webhooks import reads
from schema.api_keys.types import ApiKey
from schema.audit.types import Event
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User


@entity(webhook_tries, key=("master_id", "delivery_id", "id"), requires=Permission.WEBHOOKS_READ)
class WebhookTry:
    """A request that was made, or could not be made, for a delivery. What the receiver answers besides its
    status is not kept."""

    tried_at: datetime.datetime = column(description="When the try had ended.")
    status_code: int | None = column(description="The status that was answered; null if there was no answer.")
    problem: WebhookProblem | None = column(
        codec=enum_of(WebhookProblem), description="Why it failed; null if it was taken."
    )
    milliseconds: int = column(description="How long it took.")


@entity(webhook_deliveries, requires=Permission.WEBHOOKS_READ)
class WebhookDelivery(Node):
    """An event that is, was or could not be delivered to a webhook. It is kept for 30 days
    after it is finished."""

    id: strawberry.ID = column(codec=global_id(Kind.WEBHOOK_DELIVERY), description=ID_DESCRIPTION)
    event: Event | None = to_one(reads.event_of)
    is_test: bool = computed(reads.is_test)
    status: WebhookDeliveryStatus = column(
        codec=enum_of(WebhookDeliveryStatus), description="What became of it."
    )
    tries: list[WebhookTry] = to_many(reads.tries_of, most=SELDOM_MORE)
    next_try_at: datetime.datetime | None = computed(reads.next_try_at)
    created_at: datetime.datetime = column(
        description="When it was ordered: shortly after the event, or for a replay."
    )
    finished_at: datetime.datetime | None = column(
        description="When it was delivered, withheld or tried for the last time; null while it is pending."
    )


@entity(webhooks, requires=Permission.WEBHOOKS_READ)
class Webhook(Node):
    """A URL to which the events of an account's log are delivered, as JSON by POST. Each request is signed
    after Standard Webhooks, with the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`.

    An event is delivered at least once: a request may come twice, with the same `webhook-id`. Events are sent
    in the order of the log, up to eight at a time. So they may arrive in another order, and one that failed
    comes later. `cursor` in the body is the event's place in the log. What is told of an event is read when
    it is sent, with the rights that the webhook's API key has then."""

    id: strawberry.ID = column(codec=global_id(Kind.WEBHOOK), description=ID_DESCRIPTION)
    url: str = column(description="Where events are sent to.")
    description: str | None = column(description="What the webhook is for.")
    api_key: ApiKey | None = to_one(reads.key_of)
    types: list[EventType] = column(
        codec=enum_names_of(EventType), description="The types of events that are delivered; empty: all."
    )
    include_descendants: bool = column(
        description="Whether the events of all accounts below are delivered too, as far as the API key may "
        "read their logs."
    )
    document: str | None = column(
        description="The GraphQL query that makes `data` in the body; null: there is no `data`."
    )
    status: WebhookStatus = column(codec=enum_of(WebhookStatus), description="Whether events are delivered.")
    pause_reason: WebhookPauseReason | None = column(
        codec=enum_of(WebhookPauseReason), description="Why it is paused; null if it is not."
    )
    paused_at: datetime.datetime | None = column(description="When it was paused; null if it is not.")
    failing_since: datetime.datetime | None = column(
        description="Since when it has taken no event; null if it took what came last. That a test failed "
        "does not count."
    )
    previous_secret_expires_at: datetime.datetime | None = computed(reads.previous_secret_expires_at)
    replay_until: datetime.datetime | None = column(
        description="The end of the span that is being replayed; null if none is."
    )
    deliveries: Connection[WebhookDelivery] = connection(reads.deliveries_of, order=reads.NEWEST_FIRST)
    account: AccountRef | None = to_one(reads.account_of)
    created_by: User | None = to_one(reads.creator_of)
    created_at: datetime.datetime = column(description="When it was created.")
    version: int = column(
        description="Increases with every change of the settings, and when it is paused or resumed. Send it "
        "as `expectedVersion`."
    )
