"""Telling a person that somebody signed in from a client that was not known."""

from engine.writes.sessions import WriteSession
from models.base.ids import UserId
from resolvers.effects.personal_mail import KindInBoth, News, Words, tell_person
from resolvers.sessions.clients import Client
from resolvers.sessions.mail_kinds import NEW_CLIENT, NEW_CLIENT_IN_GERMAN

_KIND = KindInBoth(NEW_CLIENT, NEW_CLIENT_IN_GERMAN)

_SIGNED_IN = Words(
    "Somebody signed in to Mandant as you with a client that was not known: {client}.",
    "Jemand hat sich mit einem Client, der nicht bekannt war, bei Mandant als Sie angemeldet: {client}.",
)

IF_SIGNED_IN = Words(
    "If it was you, there is nothing to do. If it was not, change your password, which ends all other "
    "sessions, and look at your list of sessions.",
    "Wenn Sie es waren, ist nichts zu tun. Wenn nicht, ändern Sie Ihr Passwort, was alle anderen Sitzungen "
    "beendet, und sehen Sie Ihre Liste der Sitzungen an.",
)


async def tell_of_new_client(session: WriteSession, user_id: UserId, client: Client) -> None:
    """Mail the person what is known of the client."""
    await tell_person(session, user_id, News(_KIND, _SIGNED_IN.filled(client=client.told), IF_SIGNED_IN))
