"""The e-mail that carries a share's link."""

from collections.abc import Sequence

from sqlalchemy import any_, select

from authz.guard import Authorized
from authz.principals import Principal
from engine.write_sessions import WriteSession
from models.accounts import accounts
from models.users import users
from resolvers.outbox import queue
from resolvers.share_rows import ids_of

_BODY = """Hello,

{giver} shares with you:

{accounts}

Open this link, sign in or sign up with this e-mail address, and accept:

{link}

The link is for you alone and works for seven days. If you do not know what this is about, ignore it: nothing
is open to you until you accept.
"""


async def queue_share(
    session: WriteSession, principal: Principal, opened: Sequence[Authorized], recipient: str, link: str
) -> None:
    """Queue the mail; the link in it holds the secret."""
    named = select(accounts.c.name).where(
        accounts.c.master_id == opened[0].master_id, accounts.c.id == any_(ids_of(opened))
    )
    names = list((await session.execute(named.order_by(accounts.c.id))).scalars())
    person = select(users.c.name).where(users.c.id == principal.user_id)
    giver = (await session.execute(person)).scalar_one_or_none() or names[0]
    body = _BODY.format(giver=giver, accounts="\n".join(f"  {name}" for name in names), link=link)
    await queue(session, recipient, f"{giver} shares {names[0]} with you", body)
