"""The mail with a share's link."""

from collections.abc import Sequence

from sqlalchemy import any_, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from engine.text.numbers import counted
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.people.users import users
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_mail
from resolvers.inputs.emails import EmailAddress
from resolvers.shares.mail_kinds import SHARE
from resolvers.shares.store import ids_of

MOST_NAMED = 20
"""Further accounts are only counted."""


async def queue_share(
    session: WriteSession,
    principal: Principal,
    opened: Sequence[Authorized],
    recipient: EmailAddress,
    link: str,
) -> None:
    """Queue the mail; the link in it holds the secret. Raises what `queue` raises."""
    master_id = opened[0].master_id
    named = select(accounts.c.name).where(
        accounts.c.master_id == master_id, accounts.c.id == any_(ids_of(opened))
    )
    names = list((await session.execute(named.order_by(accounts.c.id))).scalars())
    person = select(users.c.name).where(users.c.id == principal.user_id)
    giver = (await session.execute(person)).scalar_one_or_none() or names[0]
    listed = [f"  {quoted(name)}" for name in names[:MOST_NAMED]]
    more = len(names) - MOST_NAMED
    body = letter(
        "\n".join(
            [
                f"{quoted(giver)} shares with you:",
                *listed,
                *([f"  and {counted(more, 'more account')}"] if more > 0 else []),
                "Open this link, sign in or sign up with this e-mail address, and accept:",
            ]
        ),
        "The link is for you alone and works for seven days. If you do not know what this is about, ignore "
        "it: nothing is open to you until you accept.",
        link=link,
    )
    await queue_mail(session, Cause(principal, master_id), Mail(SHARE, recipient, body))
