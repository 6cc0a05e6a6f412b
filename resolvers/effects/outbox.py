"""The only way to send e-mail: limited by sender and recipient, and sent after the commit."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Text, Uuid, insert, literal, select

from authz.callers.principals import Principal
from authz.policy.refusals import RateLimited, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, new_id
from models.effects.outbox import outbox_messages
from models.people.holders import holder_of
from models.people.users import ownerships, users
from resolvers.effects.attempts import Limit, count_attempts, place_of
from resolvers.effects.mail_limits import Budget, MailKind, Whose, budget_subject
from resolvers.inputs.emails import EmailAddress

_NOBODY_VERIFIED = (
    "The platform mails nothing to others before an owner of the master account has verified their e-mail "
    "address: open the link in the mail to it, or request another one with emailVerificationRequest."
)


@dataclass(frozen=True)
class Mail:
    """A mail. `body`: see `resolvers.effects.mail_texts`."""

    kind: MailKind
    recipient: EmailAddress
    body: str


@dataclass(frozen=True)
class Cause:
    """Who causes a mail: a signed-in caller for a tree, or somebody at a network address."""

    principal: Principal | None = None
    master_id: MasterId | None = None
    client_address: str | None = None


async def queue_mail(session: WriteSession, cause: Cause, mail: Mail) -> bool:
    """Send the mail after the transaction has committed. It counts against the limits only then.

    Returns False where the mail was dropped. Raises RateLimited, and ADDRESS_NOT_VERIFIED for an offer of a
    customer whose address is not verified.
    """
    if not await _allowed(session, cause, mail):
        return False
    await session.send_built(
        insert(outbox_messages).values(
            id=new_id(), recipient=mail.recipient.original, subject=mail.kind.subject, body=mail.body
        )
    )
    return True


async def queue_notices(session: WriteSession, cause: Cause, mails: Sequence[Mail]) -> None:
    """Send mails that nobody waits for, in two trips, however many: those beyond their limits are dropped. No
    two of one kind go to one address."""
    tried = [
        (mail, budget, _limit(mail, budget, cause)) for mail in mails for budget in mail.kind.policy.budgets
    ]
    tried.sort(key=lambda each: each[2].subject)
    if not tried:
        return
    counts = await count_attempts(session, [limit for _, _, limit in tried])
    beyond = {
        id(mail) for (mail, budget, _), found in zip(tried, counts, strict=True) if found.times > budget.most
    }
    rows = [
        {
            "id": new_id(),
            "recipient": mail.recipient.original,
            "subject": mail.kind.subject,
            "body": mail.body,
        }
        for mail in mails
        if id(mail) not in beyond
    ]
    if rows:
        await session.send_built(insert(outbox_messages).values(rows))


async def queue_mail_if_registered(session: WriteSession, cause: Cause, mail: Mail) -> bool:
    """Send the mail to the person who is registered with the address, as that person wrote it. For an unknown
    address the same work is done in the same time, and nothing is sent (T13)."""
    if not await _allowed(session, cause, mail):
        return False
    values = select(
        literal(new_id(), Uuid), users.c.email, literal(mail.kind.subject, Text), literal(mail.body, Text)
    ).where(users.c.id == holder_of(mail.recipient.canonical))
    columns = ["id", "recipient", "subject", "body"]
    await session.send_built(insert(outbox_messages).from_select(columns, values))
    return True


async def _allowed(session: WriteSession, cause: Cause, mail: Mail) -> bool:
    policy = mail.kind.policy
    if policy.is_offer:
        await _check_verified(session, cause)
    limits = [_limit(mail, budget, cause) for budget in policy.budgets]
    exceeded = [
        (budget, tried)
        for budget, tried in zip(policy.budgets, await count_attempts(session, limits), strict=True)
        if tried.times > budget.most
    ]
    refusing = [tried.seconds_left for budget, tried in exceeded if not budget.drops]
    if refusing:
        raise RateLimited(max(refusing), "Too many mails were sent")
    return not exceeded


def _limit(mail: Mail, budget: Budget, cause: Cause) -> Limit:
    whose = budget_subject(mail.kind.policy, budget, _counted_by(budget.whose, mail.recipient, cause))
    return Limit(whose, budget.most, budget.window)


def _counted_by(whose: Whose, recipient: EmailAddress, cause: Cause) -> str:
    match whose:
        case Whose.ACTOR if cause.principal is not None:
            return str(cause.principal.id)
        case Whose.TREE if cause.master_id is not None:
            return str(cause.master_id)
        case Whose.RECIPIENT_IN_TREE if cause.master_id is not None:
            return f"{recipient_digest(recipient.canonical)} {cause.master_id}"
        case Whose.RECIPIENT:
            return recipient_digest(recipient.canonical)
        case Whose.PLACE if cause.client_address is not None:
            return place_of(cause.client_address)
        case _:
            raise AssertionError(f"the cause of this kind of mail names no {whose.value}")


def recipient_digest(canonical: str) -> str:
    """What an address is counted by. Addresses of strangers are not stored."""
    return hashlib.sha256(canonical.encode()).hexdigest()


async def _check_verified(session: WriteSession, cause: Cause) -> None:
    owners = (
        select(users.c.email_verified_at.is_not(None))
        .join(ownerships, ownerships.c.user_id == users.c.id)
        .where(ownerships.c.account_id == cause.master_id)
    )
    verified = (await session.execute(owners)).scalars().all()
    if verified and not any(verified):
        raise Refusal(RefusalCode.ADDRESS_NOT_VERIFIED, _NOBODY_VERIFIED)
