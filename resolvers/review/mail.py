"""The mail that tells an account's owners what platform support decided."""

from sqlalchemy import select

from authz.callers.principals import Principal
from authz.guards.staff import StaffAtWork
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import this_account
from models.review.tables import ReviewStatus
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_mail
from resolvers.inputs.emails import EmailAddress
from resolvers.members.owners import owners_of
from resolvers.review.mail_kinds import REVIEW_DECIDED

_TOLD = {
    ReviewStatus.APPROVED: "Platform support has approved a sample of the contacts of {name}. {name} may "
    "send now.",
    ReviewStatus.DECLINED: "Platform support has declined a sample of the contacts of {name}. {name} may not "
    "send yet.",
    ReviewStatus.REVOKED: "Platform support no longer lets {name} send. What {name} has reserved and not "
    "committed is not sent either.",
}
_NEXT = "The whole reason is in the account's log. You can request another review with `reviewRequest`."


async def queue_decision(
    session: WriteSession,
    principal: Principal,
    at_work: StaffAtWork,
    decision: ReviewStatus,
    reason: str | None = None,
) -> None:
    """Queue a mail to each owner of the account."""
    names = select(accounts.c.name).where(this_account(accounts, at_work))
    name = quoted((await session.execute(names)).scalar_one())
    why = () if reason is None else (f"The reason given: {quoted(reason)}", _NEXT)
    body = letter(_TOLD[decision].format(name=name), *why)
    cause = Cause(principal, at_work.master_id)
    for email, canonical in (await session.execute(owners_of(at_work))).all():
        await queue_mail(session, cause, Mail(REVIEW_DECIDED, EmailAddress(email, canonical), body))
