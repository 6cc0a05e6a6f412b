"""Devices that a person signed in from: known ones are not struck by what others try elsewhere."""

import datetime

from sqlalchemy import delete, func, insert, literal, select, update

from authz.callers.tokens import Digest, TokenKind, digest, digest_of, generate
from engine.writes.sessions import WriteSession
from models.base.ids import UserId, new_id
from models.people.devices import devices
from models.people.users import users

KNOWN_FOR = datetime.timedelta(days=180)
"""After the last sign-in from it."""

MOST_OF_A_PERSON = 20
"""Whoever signs in from more is a script that keeps no secret: its oldest devices are forgotten."""


async def known_device(session: WriteSession, email_canonical: str, token: str | None) -> Digest | None:
    """The digest of the secret, where it is that of a device of the person with the address."""
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
    """The secret by which the device is known from now on: the one that it has, if it is this person's."""
    expires_at = func.now() + literal(KNOWN_FOR)
    found = None if token is None else digest(token, TokenKind.DEVICE)
    if token is not None and found is not None:
        this = update(devices).where(devices.c.digest == found, devices.c.user_id == user_id)
        prolonged = this.where(devices.c.expires_at > func.now()).values(expires_at=expires_at)
        if (await session.execute(prolonged.returning(devices.c.id))).one_or_none() is not None:
            return token
    made = generate(TokenKind.DEVICE)
    await session.execute(
        insert(devices).values(id=new_id(), user_id=user_id, digest=digest_of(made), expires_at=expires_at)
    )
    kept = (
        select(devices.c.id)
        .where(devices.c.user_id == user_id, devices.c.expires_at > func.now())
        .order_by(devices.c.id.desc())
        .limit(MOST_OF_A_PERSON)
    )
    await session.execute(delete(devices).where(devices.c.user_id == user_id, devices.c.id.not_in(kept)))
    return made


async def forget_devices(session: WriteSession, user_id: UserId) -> None:
    """None of the person's devices is known any more."""
    await session.execute(delete(devices).where(devices.c.user_id == user_id))
