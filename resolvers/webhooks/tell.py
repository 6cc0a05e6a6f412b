"""Pausing a webhook, and telling of it and of deliveries that failed for good: in the log, and by mail to
everybody who can mend it."""

from dataclasses import dataclass

from sqlalchemy import func, select, update

from authz.callers.actors import PLATFORM
from authz.guards.exclusive import without_rights
from authz.guards.locks import lock_shared_path
from authz.policy.permissions import Permission, allows
from authz.reach.everybody import access_in
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import row_of, this_account
from models.base.ids import AccountKey, Kind, WebhookId, present
from models.people.users import users
from models.webhooks.tables import WebhookPauseReason, WebhookStatus, webhooks
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record
from resolvers.effects.mail_limits import MailKind
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_notices
from resolvers.inputs.emails import EmailAddress
from resolvers.webhooks.mail_kinds import WEBHOOK_DELIVERY_FAILED, WEBHOOK_PAUSED

_WHY = {
    WebhookPauseReason.FAILING: "It took nothing for three days.",
    WebhookPauseReason.GONE: "Its server answered 410: there is nothing at this address any more.",
    WebhookPauseReason.KEY_STOPPED: "Its API key does not work any more, or may not read the log.",
}


async def pause(
    session: WriteSession, account: AccountKey, webhook_id: WebhookId, reason: WebhookPauseReason
) -> None:
    """Pause the webhook of a tree that the transaction has entered. Nothing happens to one that is paused."""
    await lock_shared_path(session, account.master_id, account.account_id)
    paused = (
        update(webhooks)
        .where(row_of(webhooks, account, webhook_id), webhooks.c.status == WebhookStatus.ACTIVE.value)
        .values(
            status=WebhookStatus.PAUSED.value,
            pause_reason=reason.value,
            paused_at=func.now(),
            version=webhooks.c.version + 1,
        )
        .returning(webhooks.c.url)
    )
    url = (await session.execute(paused)).scalar_one_or_none()
    if url is None:
        return
    subject_id, after = present(Kind.WEBHOOK, webhook_id), Change(url=url, reason=reason.value)
    place = without_rights(account)
    await record(session, PLATFORM, place, EventType.WEBHOOK_PAUSED, subject_id, None, after)
    body = letter(
        f"The webhook to {quoted(url)} of {await _named(session, account)} was paused. {_WHY[reason]}",
        "No event is lost: once the cause is mended, webhookResume delivers what came meanwhile. What had "
        "FAILED by then is sent again by webhookDeliveryRetry or webhookReplay.",
    )
    await _mail(session, account, WEBHOOK_PAUSED, body)


@dataclass(frozen=True)
class FailedDelivery:
    """A delivery of an event that is not tried again, and how its last try ended. Ids as clients see them."""

    delivery_id: str
    event_id: str
    problem: str
    status_code: int | None


async def tell_of_failed(
    session: WriteSession,
    account: AccountKey,
    webhook_id: WebhookId,
    url: str,
    failed: FailedDelivery,
    *,
    by_mail: bool,
) -> None:
    """Tell of the delivery, in a transaction that has entered the tree and has locked the account."""
    after: Change = {
        "url": url,
        "delivery_id": failed.delivery_id,
        "event_id": failed.event_id,
        "problem": failed.problem,
        "status_code": failed.status_code,
    }
    subject_id, place = present(Kind.WEBHOOK, webhook_id), without_rights(account)
    await record(session, PLATFORM, place, EventType.WEBHOOK_DELIVERY_FAILED, subject_id, None, after)
    if not by_mail:
        return
    body = letter(
        f"The webhook to {quoted(url)} of {await _named(session, account)} did not take an event in ten "
        "tries. It is not tried again by itself.",
        "The webhook's deliveries(status: FAILED) lists this one and others, with their tries. Once the "
        "cause is mended, webhookDeliveryRetry sends one again, and webhookReplay all of a span. The next "
        "mail like this one comes in a day at the earliest.",
    )
    await _mail(session, account, WEBHOOK_DELIVERY_FAILED, body)


async def _named(session: WriteSession, account: AccountKey) -> str:
    names = select(accounts.c.name).where(this_account(accounts, account))
    name = quoted((await session.execute(names)).scalar_one())
    return f"{name} ({present(Kind.ACCOUNT, account.account_id)})"


async def _mail(session: WriteSession, account: AccountKey, kind: MailKind, body: str) -> None:
    place = accounts.alias()
    access = access_in(place).lateral("access")
    manages = allows(access.c.mask, Permission.WEBHOOKS_WRITE)
    managers = (
        select(access.c.user_id).select_from(place.join(access, manages)).where(this_account(place, account))
    )
    people = select(users.c.email, users.c.email_canonical).where(users.c.id.in_(managers))
    rows = (await session.execute(people.order_by(users.c.email_canonical))).all()
    mails = [Mail(kind, EmailAddress(email, canonical), body) for email, canonical in rows]
    await queue_notices(session, Cause(None, account.master_id), mails)
