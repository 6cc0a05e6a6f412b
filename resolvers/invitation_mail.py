"""The e-mail that carries an invitation's link."""

from sqlalchemy import select

from authz.guard import Authorized
from authz.principals import Principal
from engine.write_sessions import WriteSession
from models.accounts import accounts
from models.users import users
from resolvers.outbox import queue

_BODY = """Hello,

{inviter} invites you to {account}.

Open this link, sign in or sign up with this e-mail address, and accept:

{link}

The link is for you alone and works for seven days. If you do not know what this is about, ignore it: nothing
happens until you accept.
"""


async def queue_invitation(
    session: WriteSession, principal: Principal, account: Authorized, recipient: str, link: str
) -> None:
    """Queue the mail; the link in it holds the secret."""
    names = select(
        select(accounts.c.name)
        .where(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id)
        .scalar_subquery()
        .label("account"),
        select(users.c.name).where(users.c.id == principal.user_id).scalar_subquery().label("inviter"),
    )
    row = (await session.execute(names)).one()
    inviter = row.inviter or row.account
    body = _BODY.format(inviter=inviter, account=row.account, link=link)
    await queue(session, recipient, f"{inviter} invites you to {row.account}", body)
