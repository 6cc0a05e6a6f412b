"""The one door for e-mail: limited by who causes it and by whom it goes to, sent after the commit."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Text, Uuid, insert, literal, select

from authz.callers.principals import Principal
from authz.policy.refusals import RateLimited, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, new_id
from models.effects.outbox import outbox_messages
from models.people.users import ownerships, users
from resolvers.effects.attempts import Limit, count_within, place_of
from resolvers.effects.mail_limits import Budget, MailKind, Whose, budget_subject
from resolvers.inputs.emails import EmailAddress

_NOBODY_VERIFIED = (
    "Nothing is mailed to others before an owner of the master account has verified its e-mail address: open "
    "the link in the mail that was sent to it, or ask for another one with emailVerificationRequest."
)


@dataclass(frozen=True)
class Mail:
    """`body`: see `resolvers.effects.mail_texts`."""

    kind: MailKind
    recipient: EmailAddress
    body: str


@dataclass(frozen=True)
class Cause:
    """Who has a mail sent: somebody who is signed in, for a tree; or somebody at a network address."""

    principal: Principal | None = None
    master_id: MasterId | None = None
    client_address: str | None = None


async def queue_mail(session: WriteSession, cause: Cause, mail: Mail) -> bool:
    """Send this once the transaction is committed, and never if it is not. It counts only then, too.

    False: it was dropped, as too much of its kind. Raises RateLimited where its kind is refused instead, and
    ADDRESS_NOT_VERIFIED for what a customer offers of whom no address was proved.
    """
    if not await _allowed(session, cause, mail):
        return False
    await session.execute(
        insert(outbox_messages).values(
            id=new_id(), recipient=mail.recipient.original, subject=mail.kind.subject, body=mail.body
        )
    )
    return True


async def queue_mail_if_registered(session: WriteSession, cause: Cause, mail: Mail) -> bool:
    """The same for the person that is registered with the address, as it wrote it there. Where nobody is, all
    is done and answered alike, also in the time that it takes, and nothing is sent (T13)."""
    if not await _allowed(session, cause, mail):
        return False
    values = select(
        literal(new_id(), Uuid), users.c.email, literal(mail.kind.subject, Text), literal(mail.body, Text)
    ).where(users.c.email_canonical == mail.recipient.canonical)
    columns = ["id", "recipient", "subject", "body"]
    await session.execute(insert(outbox_messages).from_select(columns, values))
    return True


async def _allowed(session: WriteSession, cause: Cause, mail: Mail) -> bool:
    policy = mail.kind.policy
    if policy.is_offer:
        await _check_verified(session, cause)
    limits = [_limit(mail, budget, cause) for budget in policy.budgets]
    exceeded = [
        (budget, tried)
        for budget, tried in zip(policy.budgets, await count_within(session, limits), strict=True)
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
            raise AssertionError(f"the cause of such a mail has a {whose.value}")


def recipient_digest(canonical: str) -> str:
    """What an address is counted by: those of strangers are not kept where nothing else is known of them."""
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
