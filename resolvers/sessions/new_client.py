"""Telling a person that somebody signed in from a client that was not known."""

from sqlalchemy import select

from engine.writes.sessions import WriteSession
from models.base.ids import UserId
from models.people.users import users
from resolvers.effects.mail_texts import letter
from resolvers.effects.outbox import Cause, Mail, queue_mail
from resolvers.inputs.emails import EmailAddress
from resolvers.sessions.clients import Client
from resolvers.sessions.mail_kinds import NEW_CLIENT


async def tell_of_new_client(session: WriteSession, user_id: UserId, client: Client) -> None:
    """Mail the person what is known of the client."""
    address = select(users.c.email, users.c.email_canonical).where(users.c.id == user_id)
    row = (await session.execute(address)).one()
    place = "" if client.place is None else f", from the network {client.place}"
    body = letter(
        f"Somebody signed in to Mandant as you with a client that was not known: {client.name}{place}.",
        "If it was you, there is nothing to do. If it was not, change your password, which ends all other "
        "sessions, and look at your list of sessions.",
    )
    await queue_mail(session, Cause(), Mail(NEW_CLIENT, EmailAddress(row.email, row.email_canonical), body))
