"""The rows of a webhook and of a delivery: read behind the lock of their account, written and logged. And the
key that a webhook uses."""

import uuid
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Row, func, select, update

from authz.callers.principals import Principal
from authz.guards.delegation import RoleGrant, role_in, role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account, row_of
from models.api_keys.tables import api_keys
from models.base.ids import ApiKeyId, Kind, WebhookDeliveryId, WebhookId, present
from models.webhooks.tables import WebhookDeliveryStatus, webhook_deliveries, webhooks
from resolvers.api_keys.store import KeyRow, check_works
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record

WebhookRow = Row[*tuple[object, ...]]
DeliveryRow = Row[*tuple[object, ...]]

CANCELED: Mapping[str, object] = {
    "status": WebhookDeliveryStatus.CANCELED.value,
    "next_try_at": None,
    "finished_at": func.now(),
    "is_urgent": False,
}
"""Values of a delivery that is not to be sent any more."""


async def locked_webhook(
    session: WriteSession,
    principal: Principal,
    webhook_id: WebhookId,
    write_kind: WriteKind = WriteKind.CHANGES,
) -> tuple[Authorized, WebhookRow]:
    """The webhook with the moment `now`, and its account, locked. Needs WEBHOOKS_WRITE. Raises NotFound and
    what `authorize` raises."""
    owner = select(webhooks.c.account_id).where(webhooks.c.id == webhook_id).scalar_subquery()
    account = await authorize(session, principal, owner, Permission.WEBHOOKS_WRITE, write_kind)
    locked = select(webhooks, func.now().label("now")).where(row_of(webhooks, account, webhook_id))
    row = (await session.execute(locked.with_for_update())).one_or_none()
    if row is None:
        raise NotFound("webhookId")
    return account, row


async def locked_delivery(
    session: WriteSession, principal: Principal, delivery_id: WebhookDeliveryId
) -> tuple[Authorized, WebhookRow, DeliveryRow]:
    """A delivery with its webhook and account, locked. The webhook comes first, as where workers write. Needs
    WEBHOOKS_WRITE. Raises NotFound, also where the webhook is gone, and what `authorize` raises."""
    of_delivery = webhook_deliveries.c.id == delivery_id
    owner = select(webhook_deliveries.c.account_id).where(of_delivery).scalar_subquery()
    account = await authorize(session, principal, owner, Permission.WEBHOOKS_WRITE)
    own = row_of(webhook_deliveries, account, delivery_id)
    named = select(webhook_deliveries.c.webhook_id).where(own).scalar_subquery()
    hook = select(webhooks).where(row_of(webhooks, account, named)).with_for_update()
    webhook = (await session.execute(hook)).one_or_none()
    delivery = (await session.execute(select(webhook_deliveries).where(own).with_for_update())).one_or_none()
    if webhook is None or delivery is None:
        raise NotFound("deliveryId")
    return account, webhook, delivery


def waiting_for(account: Place, webhook_ids: Iterable[uuid.UUID]) -> ColumnElement[bool]:
    """Whether a delivery waits for one of these webhooks of the account's tree."""
    delivery = webhook_deliveries.c
    of_them = (delivery.master_id == account.master_id) & delivery.webhook_id.in_(list(webhook_ids))
    return of_them & (delivery.status == WebhookDeliveryStatus.PENDING.value)


async def check_key(session: WriteSession, account: Authorized, api_key_id: uuid.UUID) -> None:
    """Refuse a key that the caller may not have read for a webhook of the account.

    A webhook tells its receiver what the key may read. So the caller has to hold all that the key's role
    gives, as for a new secret of the key. Raises NotFound for a key of another account, ROLE_TOO_WIDE, and
    FAILED_PRECONDITION for a key that does not work, works from some network addresses alone, or may not read
    the log.
    """
    key = await _key(session, account, ApiKeyId(api_key_id))
    role = await role_to_give(session, account, key.role_id, "apiKeyId")
    await _check_reads(session, key, role)


async def check_key_of(session: WriteSession, account: Authorized, webhook: WebhookRow) -> None:
    """Raise FAILED_PRECONDITION if the webhook's own key cannot read for it any more. Whoever asks need not
    hold what the key's role gives: the webhook goes where it went."""
    try:
        key = await _key(session, account, ApiKeyId(webhook.api_key_id))
        await _check_reads(session, key, await role_in(session, account, key.role_id))
    except Refusal as refusal:
        message = f"{refusal.message} Mend it, or give the webhook another key with `webhookUpdate` first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "webhookId") from None


async def _check_reads(session: WriteSession, key: KeyRow, role: RoleGrant) -> None:
    await check_works(session, key)
    if key.ip_ranges:
        message = "The key works from some network addresses alone, and a webhook reads from none."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "apiKeyId")
    if not role.mask & key.scopes & Permission.AUDIT_READ.bit:
        message = "The key may not read the log: it needs AUDIT_READ."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "apiKeyId")


async def _key(session: WriteSession, account: Authorized, api_key_id: ApiKeyId) -> KeyRow:
    expired = api_keys.c.expires_at.is_not(None) & (api_keys.c.expires_at <= func.now())
    own = in_account(api_keys, account) & (api_keys.c.id == api_key_id)
    row = (await session.execute(select(api_keys, expired.label("expired")).where(own))).one_or_none()
    if row is None:
        raise NotFound("apiKeyId")
    return row


async def write_webhook(
    session: WriteSession, account: Authorized, webhook: WebhookRow, values: dict[str, object]
) -> None:
    """Write the columns' new values and raise the version."""
    own = row_of(webhooks, account, webhook.id)
    await session.send_built(update(webhooks).where(own).values(**values, version=webhooks.c.version + 1))


async def log_webhook(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    type_: EventType,
    webhook_id: WebhookId,
    before: Change | None = None,
    after: Change | None = None,
) -> None:
    """Write the event into the account's log."""
    await record(session, principal, account, type_, present(Kind.WEBHOOK, webhook_id), before, after)
