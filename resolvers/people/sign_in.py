"""Signing in and out."""

import datetime
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from authz.callers.principals import Principal
from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import UserId, new_id
from models.people.sessions import sessions
from models.people.users import users
from resolvers.people.devices import keep_device
from resolvers.people.hashing import HashingTurn
from resolvers.people.passwords import new_password
from resolvers.people.proved_passwords import ProvedPassword, hold_password
from resolvers.people.weak_passwords import PasswordOwner
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


async def open_session(
    session: WriteSession, user_id: UserId, device_token: str | None = None, client: Client | None = None
) -> SignedIn:
    """Write a session for the person. `device_token`: that of the device, if it is known. `client`: None for
    a session that nobody gets."""
    token = generate(TokenKind.SESSION)
    opened = insert(sessions).values(
        id=new_id(),
        user_id=user_id,
        digest=digest_of(token),
        expires_at=end_of_new_session(user_id),
        client=client and client.name,
        place=client and client.place,
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
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    statement = select(users.c.password_hash, users.c.name, users.c.email_canonical)
    async with write_sessions.begin() as session:
        row = (await session.execute(statement.where(users.c.id == principal.user_id))).one()
    if not await turn.matches(current_password, row.password_hash):
        raise Refusal(RefusalCode.SIGN_IN_REFUSED, "The current password is wrong.", "currentPassword")
    prepared = new_password(password, PasswordOwner(row.name, row.email_canonical), "newPassword")
    return PasswordChange(ProvedPassword(principal.user_id, row.password_hash), await turn.hash(prepared))


async def change_password(session: WriteSession, principal: Principal, change: PasswordChange) -> UserId:
    """Change the caller's own password and end all other sessions. Raises PasswordChangedError."""
    user_id = change.proved.user_id
    await hold_password(session, change.proved)
    await session.send_built(update(users).where(users.c.id == user_id).values(password_hash=change.new_hash))
    await session.send_built(
        delete(sessions).where(
            sessions.c.user_id == user_id, sessions.c.digest != principal.credentials.digest
        )
    )
    return user_id
