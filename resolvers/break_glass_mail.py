"""The e-mail that tells an account's owners that somebody from above has broken the glass."""

import datetime

from sqlalchemy import select

from authz.builtin_roles import BuiltinRole
from authz.guard import Authorized
from authz.reach import membership_holds
from engine.write_sessions import WriteSession
from models.accounts import accounts
from models.identifiers import UserId
from models.members import memberships
from models.users import users
from resolvers.outbox import queue

_BODY = """Hello,

{opener}, who is responsible for an account above {account}, has opened {account} until {until}.

The reason given: {reason}

What is done there is in the log of {account}. Whoever may change its settings can end this at once.
"""


async def queue_warnings(
    session: WriteSession, account: Authorized, opener_id: UserId, reason: str, until: datetime.datetime
) -> None:
    """Queue a mail to each owner."""
    names = select(
        select(accounts.c.name)
        .where(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id)
        .scalar_subquery()
        .label("account"),
        select(users.c.name).where(users.c.id == opener_id).scalar_subquery().label("opener"),
    )
    row = (await session.execute(names)).one()
    utc = until.astimezone(datetime.UTC)
    body = _BODY.format(
        opener=row.opener, account=row.account, until=f"{utc:%Y-%m-%d %H:%M} UTC", reason=reason
    )
    owners = (
        select(users.c.email)
        .join(memberships, memberships.c.user_id == users.c.id)
        .where(
            memberships.c.master_id == account.master_id,
            memberships.c.account_id == account.account_id,
            memberships.c.role_id == BuiltinRole.OWNER.id,
            membership_holds(),
        )
        .order_by(users.c.id)
    )
    for recipient in (await session.execute(owners)).scalars().all():
        await queue(session, recipient, f"{row.opener} has opened {row.account}", body)
