"""Signing in and out."""

import datetime
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from authz.callers.principals import Principal
from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.single_sign_on_door import single_sign_on_required
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import MasterId, UserId, new_id
from models.people.mailbox_links import MailboxLinkKind, mailbox_links
from models.people.sessions import sessions
from models.people.users import users
from resolvers.people.devices import keep_device
from resolvers.people.passwords.hashing import HashingTurn
from resolvers.people.passwords.mail import tell_of_change
from resolvers.people.passwords.new_passwords import new_password
from resolvers.people.passwords.proved_passwords import ProvedPassword, hold_password, prove_own_password
from resolvers.people.passwords.weak_passwords import PasswordOwner
from resolvers.sessions.clients import Client
from resolvers.sessions.ends import end_of_new_session
from resolvers.sessions.new_client import tell_of_new_client


@dataclass(frozen=True)
class SignedIn:
    """A session's token and the device's token, shown this once."""

    user_id: UserId
    token: str
    expires_at: datetime.datetime
    device_token: str


async def welcome(
    session: WriteSession, user_id: UserId, client: Client, device_token: str | None = None
) -> SignedIn:
    """Open a session for the person who has proved to be it, and know the device from now on. The person gets
    a mail about a device that was not known."""
    signed_in = await open_session(session, user_id, device_token, client)
    if signed_in.device_token != device_token:
        await tell_of_new_client(session, user_id, client)
    return signed_in


async def check_password_suffices(session: WriteSession, user_id: UserId) -> None:
    """Raise SINGLE_SIGN_ON_REQUIRED where the company behind the person's address requires it."""
    if await single_sign_on_required(session, user_id):
        raise Refusal(RefusalCode.SINGLE_SIGN_ON_REQUIRED)


@dataclass(frozen=True)
class NamedByIssuer:
    """How an issuer named the person, for single sign-on of a tree. `issuer_session`: the issuer's own
    session, if it said which."""

    master_id: MasterId
    subject: str
    issuer_session: str | None

    def columns(self) -> dict[str, object]:
        """As the session stores it."""
        return {
            "sign_on_master_id": self.master_id,
            "sign_on_subject": self.subject,
            "issuer_session": self.issuer_session,
        }


async def open_session(
    session: WriteSession,
    user_id: UserId,
    device_token: str | None = None,
    client: Client | None = None,
    named: NamedByIssuer | None = None,
) -> SignedIn:
    """Write a session for the person. `device_token`: that of the device, if it is known. `client`: None for
    a session that nobody gets. `named`: by which issuer, where no password opened it."""
    token = generate(TokenKind.SESSION)
    opened = insert(sessions).values(
        id=new_id(),
        user_id=user_id,
        digest=digest_of(token),
        expires_at=end_of_new_session(user_id),
        client=client and client.name,
        place=client and client.place,
        **({} if named is None else named.columns()),
    )
    expires_at = (await session.execute(opened.returning(sessions.c.expires_at))).scalar_one()
    return SignedIn(user_id, token, expires_at, await keep_device(session, user_id, device_token))


async def sign_out(session: WriteSession, principal: Principal) -> None:
    """End the caller's session."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    await session.send_built(delete(sessions).where(sessions.c.digest == principal.credentials.digest))


@dataclass(frozen=True)
class PasswordChange:
    """The current password was checked; `new_hash` is the hash of the new one."""

    proved: ProvedPassword
    new_hash: str


async def check_password_change(
    write_sessions: WriteSessions,
    turn: HashingTurn,
    principal: Principal,
    current_password: str,
    password: str,
) -> PasswordChange:
    """Check a change of the caller's own password. Raises PERSON_REQUIRED, SIGN_IN_REFUSED for a wrong
    current password, and BAD_USER_INPUT for a new one that breaks the rule."""
    proved = await prove_own_password(write_sessions, turn, principal, current_password, "currentPassword")
    statement = select(users.c.name, users.c.email_canonical).where(users.c.id == proved.user_id)
    async with write_sessions.begin() as session:
        row = (await session.execute(statement)).one()
    prepared = new_password(password, PasswordOwner(row.name, row.email_canonical), "newPassword")
    return PasswordChange(proved, await turn.hash(prepared))


async def change_password(
    session: WriteSession, principal: Principal, change: PasswordChange, client: Client
) -> UserId:
    """Change the caller's own password. All other sessions end, and links that would set another password.
    The person gets a mail about it. Raises PasswordChangedError."""
    user_id = change.proved.user_id
    await hold_password(session, change.proved)
    await session.send_built(update(users).where(users.c.id == user_id).values(password_hash=change.new_hash))
    await session.send_built(
        delete(sessions).where(
            sessions.c.user_id == user_id, sessions.c.digest != principal.credentials.digest
        )
    )
    # Links that lead back to an earlier address stay: the password may be that of a thief.
    resets = (mailbox_links.c.kind == MailboxLinkKind.PASSWORD_RESET.value) & mailbox_links.c.email.is_(None)
    await session.send_built(delete(mailbox_links).where(mailbox_links.c.user_id == user_id, resets))
    await tell_of_change(session, user_id, client)
    return user_id
