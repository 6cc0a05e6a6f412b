"""Telling a person that it has another password."""

from engine.writes.sessions import WriteSession
from models.base.ids import UserId
from resolvers.effects.personal_mail import KindInBoth, News, Words, tell_person
from resolvers.people.mail_kinds import PASSWORD_CHANGED, PASSWORD_CHANGED_IN_GERMAN
from resolvers.sessions.clients import Client

_KIND = KindInBoth(PASSWORD_CHANGED, PASSWORD_CHANGED_IN_GERMAN)

CHANGED = Words(
    "Your password for Mandant was changed by somebody who was signed in and knew the earlier one. All other "
    "sessions ended. The client was: {client}.",
    "Ihr Passwort für Mandant wurde von jemandem geändert, der angemeldet war und das frühere kannte. Alle "
    "anderen Sitzungen wurden beendet. Der Client war: {client}.",
)

RESET = Words(
    "A new password for Mandant was set by a link that was mailed to you. All sessions ended. The client "
    "was: {client}.",
    "Über einen Link, der Ihnen gemailt wurde, wurde ein neues Passwort für Mandant gesetzt. Alle Sitzungen "
    "wurden beendet. Der Client war: {client}.",
)

IF_CHANGED = Words(
    "If it was you, there is nothing to do. If it was not, ask on the sign-in page for a new password at "
    "once: that ends all sessions. Then look at your second factors and at the API keys that you have made.",
    "Wenn Sie es waren, ist nichts zu tun. Wenn nicht, fordern Sie sofort auf der Anmeldeseite ein neues "
    "Passwort an: Das beendet alle Sitzungen. Sehen Sie dann nach Ihren zweiten Faktoren und nach den "
    "API-Schlüsseln, die Sie gemacht haben.",
)

IF_RESET = Words(
    "If it was you, there is nothing to do. If it was not, somebody can read your mail: first change the "
    "password of your mailbox, then ask on the sign-in page for a new one for Mandant. Then look at your "
    "second factors and at the API keys that you have made.",
    "Wenn Sie es waren, ist nichts zu tun. Wenn nicht, kann jemand Ihre Mails lesen: Ändern Sie zuerst das "
    "Passwort Ihres Postfachs und fordern Sie dann auf der Anmeldeseite ein neues für Mandant an. Sehen Sie "
    "danach nach Ihren zweiten Faktoren und nach den API-Schlüsseln, die Sie gemacht haben.",
)


async def tell_of_change(session: WriteSession, user_id: UserId, client: Client) -> None:
    """Mail the person that its password was changed by whoever is signed in."""
    await tell_person(session, user_id, News(_KIND, CHANGED.filled(client=client.told), IF_CHANGED))


async def tell_of_reset(session: WriteSession, user_id: UserId, client: Client) -> None:
    """Mail the person that a mailed link has set its password."""
    await tell_person(session, user_id, News(_KIND, RESET.filled(client=client.told), IF_RESET))
