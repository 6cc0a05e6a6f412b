"""The mail that informs an account's owners of a break-glass opening."""

import datetime

from sqlalchemy import select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import this_account
from models.people.users import users
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_mail
from resolvers.inputs.emails import EmailAddress
from resolvers.members.owners import owners_of
from resolvers.parent_access.mail_kinds import BREAK_GLASS, BREAK_GLASS_NOTICES

_MOST_TOLD = BREAK_GLASS_NOTICES.budgets[0].most


async def queue_warnings(
    session: WriteSession, principal: Principal, account: Authorized, reason: str, until: datetime.datetime
) -> None:
    """Queue a mail to each owner."""
    names = select(
        select(accounts.c.name).where(this_account(accounts, account)).scalar_subquery().label("account"),
        select(users.c.name).where(users.c.id == principal.user_id).scalar_subquery().label("opener"),
    )
    row = (await session.execute(names)).one()
    utc = until.astimezone(datetime.UTC)
    name = quoted(row.account)
    body = letter(
        f"{quoted(row.opener)}, who is responsible for an account above {name}, has opened {name} until "
        f"{utc:%Y-%m-%d %H:%M} UTC.",
        f"The reason given: {quoted(reason)}",
        f"What is done there is in the log of {name}. Whoever may change its settings can end this at once. "
        f"After {_MOST_TOLD} such messages in an hour, only the log tells of more.",
    )
    cause = Cause(principal, account.master_id)
    for email, canonical in (await session.execute(owners_of(account))).all():
        await queue_mail(session, cause, Mail(BREAK_GLASS, EmailAddress(email, canonical), body))
