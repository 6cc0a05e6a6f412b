"""The mail with an invitation's link."""

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
from resolvers.invitations.mail_kinds import INVITATION


async def queue_invitation(
    session: WriteSession, principal: Principal, account: Authorized, recipient: EmailAddress, link: str
) -> None:
    """Queue the mail; the link in it holds the secret. Raises what `queue` raises."""
    names = select(
        select(accounts.c.name).where(this_account(accounts, account)).scalar_subquery().label("account"),
        select(users.c.name).where(users.c.id == principal.user_id).scalar_subquery().label("inviter"),
    )
    row = (await session.execute(names)).one()
    body = letter(
        f"{quoted(row.inviter or row.account)} invites you to the account {quoted(row.account)}.\n"
        "Open this link, sign in or sign up with this e-mail address, and accept:",
        "The link is for you alone and works for seven days. If you do not know what this is about, ignore "
        "it: nothing happens until you accept.",
        link=link,
    )
    await queue_mail(session, Cause(principal, account.master_id), Mail(INVITATION, recipient, body))
