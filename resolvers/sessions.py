"""Signing in and out."""

import datetime
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from authz.principals import Principal
from authz.refusals import Refusal, RefusalCode
from authz.tokens import TokenKind, digest_of, generate
from engine.write_sessions import WriteSession
from models.identifiers import UserId, new_id
from models.sessions import sessions
from models.users import users
from resolvers.devices import keep_device
from resolvers.emails import email_address
from resolvers.passwords import hash_password, password_matches

SESSION_LENGTH = datetime.timedelta(days=30)


@dataclass(frozen=True)
class SignedIn:
    """A session's token and the secret of the device, told this once."""

    user_id: UserId
    token: str
    expires_at: datetime.datetime
    device_token: str


async def sign_in(
    session: WriteSession, email: str, password: str, device_token: str | None = None
) -> SignedIn:
    """Open a session, and know the device from now on. Raises SIGN_IN_REFUSED, alike and as slowly for an
    unknown address (T13)."""
    canonical = email_address(email).canonical
    statement = select(users.c.id, users.c.password_hash).where(users.c.email_canonical == canonical)
    row = (await session.execute(statement)).one_or_none()
    if not await password_matches(password, None if row is None else row.password_hash) or row is None:
        raise Refusal(RefusalCode.SIGN_IN_REFUSED)
    return await open_session(session, row.id, device_token)


async def open_session(session: WriteSession, user_id: UserId, device_token: str | None = None) -> SignedIn:
    """Write a session for the person, on a device that is known by this secret if it is the person's."""
    token = generate(TokenKind.SESSION)
    expires_at = datetime.datetime.now(datetime.UTC) + SESSION_LENGTH
    await session.execute(
        insert(sessions).values(id=new_id(), user_id=user_id, digest=digest_of(token), expires_at=expires_at)
    )
    return SignedIn(user_id, token, expires_at, await keep_device(session, user_id, device_token))


async def sign_out(session: WriteSession, principal: Principal) -> None:
    """End the session that asks."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    await session.execute(delete(sessions).where(sessions.c.digest == principal.credentials.digest))


async def change_password(
    session: WriteSession, principal: Principal, current_password: str, new_password: str
) -> UserId:
    """Change one's own password and end all other sessions. Raises SIGN_IN_REFUSED for a wrong one."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    statement = select(users.c.password_hash).where(users.c.id == principal.user_id).with_for_update()
    stored = (await session.execute(statement)).scalar_one()
    if not await password_matches(current_password, stored):
        raise Refusal(RefusalCode.SIGN_IN_REFUSED, "The current password is wrong.", "currentPassword")
    new_hash = await hash_password(new_password, "newPassword")
    await session.execute(update(users).where(users.c.id == principal.user_id).values(password_hash=new_hash))
    await session.execute(
        delete(sessions).where(
            sessions.c.user_id == principal.user_id, sessions.c.digest != principal.credentials.digest
        )
    )
    return principal.user_id
