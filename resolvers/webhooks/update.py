"""Changing and deleting webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.policy.refusals import VersionConflict
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account, row_of
from models.base.ids import AccountId, ApiKeyId, Kind, WebhookId, present
from models.webhooks.tables import webhook_deliveries, webhooks
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_each
from resolvers.inputs.unchanged import UNCHANGED, Unchanged
from resolvers.webhooks.inputs import description_of, shown, types_of
from resolvers.webhooks.store import (
    CANCELED,
    WebhookRow,
    check_key,
    locked_webhook,
    log_webhook,
    waiting_for,
    write_webhook,
)


@dataclass(frozen=True)
class WebhookUpdate:
    """The new values. `url` and `document` were checked."""

    webhook_id: WebhookId
    expected_version: int
    url: str | Unchanged = UNCHANGED
    description: str | Unchanged | None = UNCHANGED
    api_key_id: ApiKeyId | Unchanged = UNCHANGED
    types: Sequence[EventType] | Unchanged = UNCHANGED
    include_descendants: bool | Unchanged = UNCHANGED
    document: str | Unchanged | None = UNCHANGED


async def update_webhook(session: WriteSession, principal: Principal, command: WebhookUpdate) -> None:
    """Change a webhook's settings, from the next try on. What is read for it then goes where these settings
    say, so it needs what creating the webhook needs. Raises VersionConflict and what `check_key` raises."""
    account, webhook = await locked_webhook(session, principal, command.webhook_id)
    values = _new_values(command)
    used = webhook.api_key_id if command.api_key_id is UNCHANGED else command.api_key_id
    await check_key(session, account, used)
    if webhook.version != command.expected_version:
        raise VersionConflict(webhook.version)
    changed = {name: value for name, value in values.items() if webhook._mapping[name] != value}
    if changed:
        await write_webhook(session, account, webhook, changed)
        before = shown({name: webhook._mapping[name] for name in changed})
        change: tuple[Change, Change] = before, shown(changed)
        await log_webhook(session, principal, account, EventType.WEBHOOK_UPDATED, command.webhook_id, *change)


def _new_values(command: WebhookUpdate) -> dict[str, object]:
    values: dict[str, object] = {}
    for name in ("url", "api_key_id", "include_descendants", "document"):
        value = getattr(command, name)
        if value is not UNCHANGED:
            values[name] = value
    if command.description is not UNCHANGED:
        values["description"] = description_of(command.description)
    if command.types is not UNCHANGED:
        values["types"] = types_of(command.types)
    return values


async def delete_webhook(session: WriteSession, principal: Principal, webhook_id: WebhookId) -> AccountId:
    """Delete the webhook with its secrets, in any status of the account. What is under way may still arrive.
    Returns the account. Needs WEBHOOKS_WRITE."""
    account, webhook = await locked_webhook(session, principal, webhook_id, WriteKind.TAKES_AWAY)
    await _delete(session, principal, account, [webhook])
    return account.account_id


async def delete_webhooks(session: WriteSession, principal: Principal, account: Authorized) -> int:
    """Delete all webhooks of a locked account that closes. Returns how many."""
    own = select(webhooks).where(in_account(webhooks, account)).order_by(webhooks.c.id).with_for_update()
    rows = (await session.execute(own)).all()
    await _delete(session, principal, account, rows)
    return len(rows)


async def _delete(
    session: WriteSession, principal: Principal, account: Authorized, rows: Sequence[WebhookRow]
) -> None:
    waiting = waiting_for(account, [row.id for row in rows])
    await session.send_built(update(webhook_deliveries).where(waiting).values(CANCELED))
    for row in rows:
        await session.send_built(delete(webhooks).where(row_of(webhooks, account, row.id)))
    befores = {present(Kind.WEBHOOK, row.id): shown(dict(row._mapping)) for row in rows}
    if befores:
        await record_of_each(session, principal, account, EventType.WEBHOOK_DELETED, befores)
