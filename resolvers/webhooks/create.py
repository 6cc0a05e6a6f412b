"""Creating webhooks, and giving them new secrets."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, literal, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.base.ids import AccountId, ApiKeyId, MasterId, WebhookId, new_id
from models.effects.log_numbers import first_open_number
from models.webhooks.tables import webhooks
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from resolvers.sealing.keyring import KeyringSource
from resolvers.webhooks.inputs import description_of, shown, types_of
from resolvers.webhooks.places import cursor_before
from resolvers.webhooks.signing_secrets import LONGEST_OVERLAP, moved_to_previous, new_secret
from resolvers.webhooks.store import WebhookRow, check_key, locked_webhook, log_webhook, write_webhook

MOST_WEBHOOKS = 20
"""Of one account."""


@dataclass(frozen=True)
class WebhookCreation:
    """`url` and `document` were checked. No `types`: all."""

    account_id: AccountId
    url: str
    api_key_id: ApiKeyId
    types: Sequence[EventType]
    include_descendants: bool
    document: str | None
    description: str | None


@dataclass(frozen=True)
class WebhookSecret:
    """A webhook and its secret, which is shown this once."""

    webhook_id: WebhookId
    secret: str


async def create_webhook(
    session: WriteSession, principal: Principal, command: WebhookCreation, keyring_source: KeyringSource
) -> WebhookSecret:
    """Have the events that come from now on delivered to a URL. Needs WEBHOOKS_WRITE, and all that the key's
    role gives.

    Raises FAILED_PRECONDITION for one webhook too many, SECRETS_UNAVAILABLE where the server has no keys, and
    what `check_key` raises.
    """
    keyring = keyring_source()
    account = await authorize(session, principal, command.account_id, Permission.WEBHOOKS_WRITE)
    await _check_number(session, account)
    await check_key(session, account, command.api_key_id)
    webhook_id = WebhookId(new_id())
    secret = new_secret(keyring, MasterId(account.master_id), webhook_id)
    settings = {
        "url": command.url,
        "description": description_of(command.description),
        "api_key_id": command.api_key_id,
        "types": types_of(command.types),
        "include_descendants": command.include_descendants,
        "document": command.document,
    }
    number = first_open_number()
    await session.send_built(
        insert(webhooks).values(
            **columns_of(account),
            **settings,
            id=webhook_id,
            secret=secret.sealed,
            read_cursor=cursor_before(number),
            read_transaction=number,
            creator_user_id=principal.user_id,
            creator_api_key_id=principal.api_key_id,
        )
    )
    after = shown(settings)
    await log_webhook(session, principal, account, EventType.WEBHOOK_CREATED, webhook_id, None, after)
    return WebhookSecret(webhook_id, secret.shown)


async def rotate_secret(
    session: WriteSession,
    principal: Principal,
    webhook_id: WebhookId,
    overlap: datetime.timedelta,
    keyring_source: KeyringSource,
) -> WebhookSecret:
    """Give the webhook a new secret. Deliveries are signed with the old one too until the overlap has passed.
    Needs WEBHOOKS_WRITE.

    Raises BAD_USER_INPUT for an overlap out of bounds, FAILED_PRECONDITION for an overlap within the one
    before, as there is room for one old secret, and SECRETS_UNAVAILABLE.
    """
    if not datetime.timedelta() <= overlap <= LONGEST_OVERLAP:
        message = f"Must lie between 0 and {LONGEST_OVERLAP // datetime.timedelta(minutes=1)}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "overlapMinutes")
    keyring = keyring_source()
    account, webhook = await locked_webhook(session, principal, webhook_id)
    if overlap:
        _check_room(webhook)
    secret = new_secret(keyring, MasterId(account.master_id), webhook_id)
    values: dict[str, object] = {"secret": secret.sealed}
    values |= {"previous_secret": None, "previous_secret_expires_at": None}
    after: Change | None = None
    if overlap:
        values["previous_secret"] = moved_to_previous(keyring, dict(webhook._mapping))
        values["previous_secret_expires_at"] = func.now() + literal(overlap)
        after = {"overlap_minutes": overlap // datetime.timedelta(minutes=1)}
    await write_webhook(session, account, webhook, values)
    before: Change = {"url": webhook.url}
    await log_webhook(
        session, principal, account, EventType.WEBHOOK_SECRET_ROTATED, webhook_id, before, after
    )
    return WebhookSecret(webhook_id, secret.shown)


def _check_room(webhook: WebhookRow) -> None:
    end = webhook.previous_secret_expires_at
    if end is not None and end > webhook.now:
        message = (
            f"Until {end.astimezone(datetime.UTC).isoformat()} deliveries are signed with an old secret too. "
            "Rotate after that, or with `overlapMinutes: 0`, which ends both old secrets at once."
        )
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "webhookId")


async def _check_number(session: WriteSession, account: Authorized) -> None:
    own = select(func.count()).select_from(webhooks).where(in_account(webhooks, account))
    if (await session.execute(own)).scalar_one() >= MOST_WEBHOOKS:
        message = f"The account has {MOST_WEBHOOKS} webhooks, and can have no more."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
