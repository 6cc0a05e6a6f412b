"""Devices that a person signed in from. Failed tries from elsewhere do not lock a known device out."""

import datetime

from sqlalchemy import delete, func, insert, literal, select, update

from authz.callers.tokens import Digest, TokenKind, digest, digest_of, generate
from engine.writes.sessions import WriteSession
from models.base.ids import UserId, new_id
from models.people.devices import devices
from models.people.users import users

KNOWN_FOR = datetime.timedelta(days=180)
"""After the last sign-in from the device."""

MOST_OF_A_PERSON = 20
"""More devices mean a script that stores no device token. The oldest devices are deleted."""


async def known_device(session: WriteSession, email_canonical: str, token: str | None) -> Digest | None:
    """The digest of the token, if it belongs to a device of the person with the address."""
    found = None if token is None else digest(token, TokenKind.DEVICE)
    if found is None:
        return None
    statement = (
        select(devices.c.digest)
        .join(users, users.c.id == devices.c.user_id)
        .where(
            devices.c.digest == found,
            devices.c.expires_at > func.now(),
            users.c.email_canonical == email_canonical,
        )
    )
    row = (await session.execute(statement)).scalar_one_or_none()
    return None if row is None else found


async def keep_device(session: WriteSession, user_id: UserId, token: str | None = None) -> str:
    """The token that identifies the device from now on: the given one, if it is this person's, or a new
    one."""
    expires_at = func.now() + literal(KNOWN_FOR)
    found = None if token is None else digest(token, TokenKind.DEVICE)
    if token is not None and found is not None:
        this = update(devices).where(devices.c.digest == found, devices.c.user_id == user_id)
        prolonged = this.where(devices.c.expires_at > func.now()).values(expires_at=expires_at)
        if (await session.execute(prolonged.returning(devices.c.id))).one_or_none() is not None:
            return token
    made = generate(TokenKind.DEVICE)
    await session.send_built(
        insert(devices).values(id=new_id(), user_id=user_id, digest=digest_of(made), expires_at=expires_at)
    )
    kept = (
        select(devices.c.id)
        .where(devices.c.user_id == user_id, devices.c.expires_at > func.now())
        .order_by(devices.c.id.desc())
        .limit(MOST_OF_A_PERSON)
    )
    await session.send_built(delete(devices).where(devices.c.user_id == user_id, devices.c.id.not_in(kept)))
    return made


async def forget_devices(session: WriteSession, user_id: UserId) -> None:
    """Delete all devices of the person."""
    await session.send_built(delete(devices).where(devices.c.user_id == user_id))
