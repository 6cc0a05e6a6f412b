"""Mutations of webhooks."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import ApiKeyId, Kind, WebhookDeliveryId, WebhookId
from resolvers.accounts import reads as accounts
from resolvers.effects.attempts import Limit
from resolvers.effects.event_types import EventType
from resolvers.inputs.global_ids import required
from resolvers.webhooks import create, orders, pauses, reads, update
from schema.fields.context import Context
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload, removed_id
from schema.fields.references import AccountRef
from schema.fields.updates import converted, expected_version, given, given_value, may_stay
from schema.webhooks.types import Webhook, WebhookDelivery

_WINDOW = datetime.timedelta(minutes=10)
_WEBHOOKS_OF_A_PRINCIPAL = 100
_URL = (
    "Where events are sent to: https://, at port 443 or 1024 to 65535, at most 2,000 characters. All "
    "addresses that its name leads to must be of the public Internet."
)
_KEY = (
    "An API key of the account. Events are read with the rights that it has whenever they are sent, and none "
    "are sent once it has stopped. It needs AUDIT_READ, and no `ipRanges`. You must have every permission of "
    "its role."
)
_TYPES = "The types of events to deliver; empty: all, also those that there will be."
_BELOW = "Whether to deliver the events of all accounts below too, as far as the API key may read their logs."
_DOCUMENT = (
    "A GraphQL query that makes `data` in the body. It may have the variables `$eventId: ID!`, "
    "`$subjectId: ID!` (the global id of what was changed) and `$accountId: ID!`, as in "
    "`query ($subjectId: ID!) { node(id: $subjectId) { id } }`. At most 10,000 characters; what it makes may "
    "have 64 KB."
)
_DESCRIPTION = "What the webhook is for: 1 to 200 characters."


@strawberry.input(description="A URL to which the events of an account's log shall be delivered.")
class WebhookCreateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    url: str = strawberry.field(description=_URL)
    api_key_id: strawberry.ID = strawberry.field(description=_KEY)
    types: list[EventType] = strawberry.field(default_factory=list, description=_TYPES)
    include_descendants: bool = strawberry.field(default=False, description=_BELOW)
    document: str | None = strawberry.field(
        default=None, description=_DOCUMENT + " Left out, there is no `data`."
    )
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)


@strawberry.input(description="The webhook and its new values. Fields that are left out stay as they are.")
class WebhookUpdateInput:
    webhook_id: strawberry.ID = strawberry.field(description="The webhook.")
    expected_version: int = expected_version()
    url: str | None = may_stay(_URL)
    api_key_id: strawberry.ID | None = may_stay(_KEY)
    types: list[EventType] | None = may_stay(_TYPES)
    include_descendants: bool | None = may_stay(_BELOW)
    document: str | None = may_stay(_DOCUMENT + " Null removes it.")
    description: str | None = may_stay(_DESCRIPTION + " Null removes it.")


@strawberry.input(description="The webhook.")
class WebhookInput:
    webhook_id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.input(description="The webhook that gets a new secret.")
class WebhookSecretRotateInput:
    webhook_id: strawberry.ID = strawberry.field(description="The webhook.")
    overlap_minutes: int = strawberry.field(
        default=1440,
        description="How many minutes deliveries are signed with the old secret too: 0 to 10080, which is "
        "seven days.",
    )


@strawberry.input(description="The span of the log to deliver again.")
class WebhookReplayInput:
    webhook_id: strawberry.ID = strawberry.field(description="The webhook.")
    since: datetime.datetime = strawberry.field(
        description="Events of this moment and later. Must lie in the past."
    )
    until: datetime.datetime = strawberry.field(
        description="Events before this moment; of a moment to come, all that there are by now."
    )


@strawberry.input(description="The delivery to try at once.")
class WebhookDeliveryRetryInput:
    delivery_id: strawberry.ID = strawberry.field(description="The delivery.")


@entity(None, carries={"webhook_id": Uuid()})
class WebhookPayload(Payload):
    """The webhook."""

    webhook: Webhook | None = to_one(reads.of_result, description="The webhook.")
    secret: str | None = strawberry.field(
        default=None,
        description="The new secret, with which receivers check signatures: `whsec_` and base64. It is "
        "returned only this once; null if none was created.",
    )


@entity(None, carries={"delivery_id": Uuid()})
class WebhookTestPayload(Payload):
    """The delivery of the test. Read it again some seconds later."""

    delivery: WebhookDelivery | None = to_one(reads.delivery_of_result)


@entity(None, carries={"delivery_id": Uuid()})
class WebhookDeliveryRetryPayload(Payload):
    """The delivery, which is tried within a second or two. Read it again some seconds later."""

    delivery: WebhookDelivery | None = to_one(reads.delivery_of_result)


@entity(None, carries={"account_id": Uuid()})
class WebhookDeletePayload(Payload):
    """The account that the webhook was deleted from."""

    account: AccountRef | None = to_one(accounts.of_result)
    removed_webhook_id: strawberry.ID | None = removed_id("webhook")


def _webhooks_of(principal: Principal) -> list[Limit]:
    return [Limit(subject=f"webhooks of {principal.id}", most=_WEBHOOKS_OF_A_PRINCIPAL, window=_WINDOW)]


@strawberry.type
class WebhookMutation:
    @mutation(needs(Permission.WEBHOOKS_WRITE), limits=_webhooks_of)
    async def webhook_create(
        self, session: WriteSession, principal: Principal, context: Context, input: WebhookCreateInput
    ) -> WebhookPayload:
        """Have the events of an account's log delivered to a URL, those that come from now on. An account has
        up to 20 webhooks."""
        deployment = context.deployment
        url = deployment.webhook_requests.checked_url(input.url, "url")
        if input.document is not None:
            await context.check_event_document(input.document)
        command = create.WebhookCreation(
            account_id=account_id(input.account_id),
            url=url,
            api_key_id=_api_key_id(input.api_key_id),
            types=input.types,
            include_descendants=input.include_descendants,
            document=input.document,
            description=input.description,
        )
        made = await create.create_webhook(session, principal, command, deployment.keyring)
        return payload(WebhookPayload, webhook_id=made.webhook_id, secret=made.secret)

    @mutation(needs(Permission.WEBHOOKS_WRITE), limits=_webhooks_of)
    async def webhook_update(
        self, session: WriteSession, principal: Principal, context: Context, input: WebhookUpdateInput
    ) -> WebhookPayload:
        """Change a webhook's settings. What is still to be sent follows the new ones. You must be able to
        create such a webhook."""
        requests = context.deployment.webhook_requests
        document = given(input.document)
        if isinstance(document, str):
            await context.check_event_document(document)
        command = update.WebhookUpdate(
            webhook_id=_webhook_id(input.webhook_id),
            expected_version=input.expected_version,
            url=converted(given_value(input.url, "url"), lambda url: requests.checked_url(url, "url")),
            api_key_id=converted(given_value(input.api_key_id, "apiKeyId"), _api_key_id),
            types=given_value(input.types, "types"),
            include_descendants=given_value(input.include_descendants, "includeDescendants"),
            document=document,
            description=given(input.description),
        )
        await update.update_webhook(session, principal, command)
        return payload(WebhookPayload, webhook_id=command.webhook_id, secret=None)

    @mutation(needs(Permission.WEBHOOKS_WRITE))
    async def webhook_delete(
        self, session: WriteSession, principal: Principal, input: WebhookInput
    ) -> WebhookDeletePayload:
        """Delete a webhook. What was not delivered is not sent any more. A request that is under way may
        still arrive."""
        account = await update.delete_webhook(session, principal, _webhook_id(input.webhook_id))
        return payload(WebhookDeletePayload, account_id=account, removed_webhook_id=input.webhook_id)

    @mutation(needs(Permission.WEBHOOKS_WRITE), limits=_webhooks_of)
    async def webhook_secret_rotate(
        self, session: WriteSession, principal: Principal, context: Context, input: WebhookSecretRotateInput
    ) -> WebhookPayload:
        """Give a webhook a new secret. Until the overlap has passed, each request has two signatures: one
        with the new secret and one with the old one. There is room for one old secret: within an overlap only
        `overlapMinutes: 0` is possible, which ends both old ones at once."""
        made = await create.rotate_secret(
            session,
            principal,
            _webhook_id(input.webhook_id),
            datetime.timedelta(minutes=input.overlap_minutes),
            context.deployment.keyring,
        )
        return payload(WebhookPayload, webhook_id=made.webhook_id, secret=made.secret)

    @mutation(needs(Permission.WEBHOOKS_WRITE))
    async def webhook_test(
        self, session: WriteSession, principal: Principal, input: WebhookInput
    ) -> WebhookTestPayload:
        """Have a test sent to a webhook, at most 20 times an hour. Its `type` is TEST. It is tried once."""
        delivery_id = await orders.order_test(session, principal, _webhook_id(input.webhook_id))
        return payload(WebhookTestPayload, delivery_id=delivery_id)

    @mutation(needs(Permission.WEBHOOKS_WRITE))
    async def webhook_replay(
        self, session: WriteSession, principal: Principal, input: WebhookReplayInput
    ) -> WebhookPayload:
        """Have the events of a span of the log delivered again, with the same `webhook-id`: those that were
        delivered, those that failed, and those from before the webhook was made. One replay runs at a
        time."""
        command = orders.WebhookReplay(
            webhook_id=_webhook_id(input.webhook_id), since=input.since, until=input.until
        )
        await orders.order_replay(session, principal, command)
        return payload(WebhookPayload, webhook_id=command.webhook_id, secret=None)

    @mutation(needs(Permission.WEBHOOKS_WRITE))
    async def webhook_replay_cancel(
        self, session: WriteSession, principal: Principal, input: WebhookInput
    ) -> WebhookPayload:
        """End the replay of a webhook that is under way. What it has ordered and the receiver has not taken
        is not sent any more: its status is CANCELED. Events that wait to be sent for their own sake still
        are. A request that is under way may still arrive. Nothing changes where there is no replay."""
        webhook_id = _webhook_id(input.webhook_id)
        await orders.cancel_replay(session, principal, webhook_id)
        return payload(WebhookPayload, webhook_id=webhook_id, secret=None)

    @mutation(needs(Permission.WEBHOOKS_WRITE))
    async def webhook_delivery_retry(
        self, session: WriteSession, principal: Principal, input: WebhookDeliveryRetryInput
    ) -> WebhookDeliveryRetryPayload:
        """Have a delivery that was not taken tried at once, before all that waits: one that waits for its
        next try, that has failed, or that was withheld or canceled. If it fails again, it has ten tries in
        three days as a new one. At most 100 an hour for a webhook. It is FAILED_PRECONDITION for a delivery
        that was taken, for a test, and while the webhook is paused."""
        delivery_id = WebhookDeliveryId(required(Kind.WEBHOOK_DELIVERY, input.delivery_id, "deliveryId"))
        await orders.retry_delivery(session, principal, delivery_id)
        return payload(WebhookDeliveryRetryPayload, delivery_id=delivery_id)

    @mutation(needs(Permission.WEBHOOKS_WRITE))
    async def webhook_pause(
        self, session: WriteSession, principal: Principal, input: WebhookInput
    ) -> WebhookPayload:
        """Stop deliveries to a webhook, as while its receiver is rebuilt. Nothing is lost: `webhookResume`
        delivers what came meanwhile, however long that was. Requests that are under way may still arrive.
        Nothing changes for a webhook that is paused."""
        webhook_id = _webhook_id(input.webhook_id)
        await pauses.order_pause(session, principal, webhook_id)
        return payload(WebhookPayload, webhook_id=webhook_id, secret=None)

    @mutation(needs(Permission.WEBHOOKS_WRITE))
    async def webhook_resume(
        self, session: WriteSession, principal: Principal, input: WebhookInput
    ) -> WebhookPayload:
        """Have a paused webhook go on, with all that came meanwhile. Nothing changes for one that is not
        paused. It is FAILED_PRECONDITION while the webhook's API key does not work, or may not read the
        log."""
        webhook_id = _webhook_id(input.webhook_id)
        await pauses.resume(session, principal, webhook_id)
        return payload(WebhookPayload, webhook_id=webhook_id, secret=None)


def _webhook_id(text: str) -> WebhookId:
    return WebhookId(required(Kind.WEBHOOK, text, "webhookId"))


def _api_key_id(text: str) -> ApiKeyId:
    return ApiKeyId(required(Kind.API_KEY, text, "apiKeyId"))
