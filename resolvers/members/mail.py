"""The mail that offers a member the ownership of an account."""

import datetime

from sqlalchemy import select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.base.ids import UserId
from models.people.users import users
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_mail
from resolvers.inputs.emails import EmailAddress
from resolvers.members.mail_kinds import OWNERSHIP_OFFER


async def queue_offer(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    taker_id: UserId,
    until: datetime.datetime,
) -> None:
    """Queue the mail. It explains what accepting means."""
    names = select(
        select(users.c.name).where(users.c.id == principal.user_id).scalar_subquery().label("giver"),
        users.c.email,
        users.c.email_canonical,
    ).where(users.c.id == taker_id)
    row = (await session.execute(names)).one()
    name = quoted(account.stored.name)
    giver = f"the account {name}" if row.giver is None else quoted(row.giver)
    body = letter(
        f"You are offered the ownership of {name}, of which you are a member, by {giver}.",
        "As its owner you may do everything in it, you answer for it, and you cannot leave it before "
        "somebody else owns it. Whoever owns an account cannot own another one with the same e-mail address.",
        f"Nothing changes unless you accept. Sign in to accept or to decline until "
        f"{until.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC.",
    )
    recipient = EmailAddress(row.email, row.email_canonical)
    cause = Cause(principal, account.master_id)
    await queue_mail(session, cause, Mail(OWNERSHIP_OFFER, recipient, body))
