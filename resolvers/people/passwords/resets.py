"""A new password by a link that is mailed to the person."""

import datetime
from dataclasses import dataclass

from sqlalchemy import select

from authz.callers.tokens import TokenKind, generate
from engine.writes.sessions import WriteSession, WriteSessions
from models.people.holders import holder_of
from models.people.mailbox_links import MailboxLinkKind
from models.people.users import users
from resolvers.effects.mail_texts import letter
from resolvers.effects.outbox import Cause, Mail, queue_mail_if_registered
from resolvers.inputs.emails import email_address
from resolvers.people.devices import keep_device
from resolvers.people.links import NewLink, add_link, link_digest, person_of_link, refuse_taken, use_link
from resolvers.people.mail_kinds import PASSWORD_RESET
from resolvers.people.passwords.hashing import HashingTurn
from resolvers.people.passwords.mail import tell_of_reset
from resolvers.people.passwords.new_passwords import new_password
from resolvers.people.passwords.weak_passwords import PasswordOwner
from resolvers.people.takeover import replace_password
from resolvers.people.way_back import undo_change
from resolvers.sessions.clients import Client

RESET_VALID_FOR = datetime.timedelta(minutes=30)


@dataclass(frozen=True)
class PasswordResetRequest:
    """`page`: the page that sets the password; the secret follows its `#`."""

    email: str
    client_address: str
    page: str


async def request_password_reset(session: WriteSession, command: PasswordResetRequest) -> None:
    """Mail a link that sets a new password to the person who has the address. For other addresses the same
    work is done and nothing is sent (T13). Raises RateLimited for the network, BAD_USER_INPUT."""
    email = email_address(command.email)
    token = generate(TokenKind.PASSWORD_RESET)
    body = letter(
        "Somebody asked for a new password for the person with this e-mail address. Open this link within "
        "30 minutes to set one:",
        "If it was not you, ignore this: nothing changes unless the link is used.",
        link=f"{command.page}#{token}",
    )
    cause = Cause(client_address=command.client_address)
    if await queue_mail_if_registered(session, cause, Mail(PASSWORD_RESET, email, body)):
        link = NewLink(MailboxLinkKind.PASSWORD_RESET, token, RESET_VALID_FOR)
        await add_link(session, link, users.c.id == holder_of(email.canonical))


async def hash_for_reset(sessions: WriteSessions, turn: HashingTurn, token: str, password: str) -> str:
    """The hash of a password that a link sets. Raises LINK_NOT_VALID, BAD_USER_INPUT."""
    async with sessions.begin() as session:
        user_id = await person_of_link(session, MailboxLinkKind.PASSWORD_RESET, link_digest(token))
        statement = select(users.c.name, users.c.email_canonical).where(users.c.id == user_id)
        row = (await session.execute(statement)).one()
    prepared = new_password(password, PasswordOwner(row.name, row.email_canonical), "newPassword")
    return await turn.hash(prepared)


async def reset_password(session: WriteSession, token: str, new_hash: str, client: Client) -> str:
    """Set a new password by the link, which also verifies the address; a link that leads back to an earlier
    address restores that, and ends what was set up since the day before the change. All earlier sessions and
    devices end, and the person gets a mail about it.

    Returns the token of the person's device. Raises LINK_NOT_VALID.
    """
    link = await use_link(session, MailboxLinkKind.PASSWORD_RESET, link_digest(token))
    await refuse_taken(session, link.user_id, None if link.address is None else link.address.canonical)
    await replace_password(session, link.user_id, new_hash, link.address)
    if link.address is not None:
        await undo_change(session, link.user_id, link.made_at)
    await tell_of_reset(session, link.user_id, client)
    return await keep_device(session, link.user_id)
