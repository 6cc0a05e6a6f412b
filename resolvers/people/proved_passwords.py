"""Passwords that were checked, and are still the same when the write that needs them runs."""

from dataclasses import dataclass

from sqlalchemy import exists, func, or_, select

from authz.callers.principals import Principal
from authz.callers.tokens import TokenKind, digest
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import UserId
from models.people.devices import devices
from models.people.users import users
from resolvers.inputs.emails import email_address
from resolvers.people.hashing import HashingTurn


@dataclass(frozen=True)
class ProvedPassword:
    """A person's correct password. `stored_hash`: the hash that it was compared with."""

    user_id: UserId
    stored_hash: str


class PasswordChangedError(Exception):
    """The stored hash is no longer the compared one, so that the check is void."""


async def prove_password(
    sessions: WriteSessions, turn: HashingTurn, email: str, password: str, device_token: str | None
) -> ProvedPassword:
    """The person who verified the address, if the password is right. Whoever only typed it is known by the
    device that signed up, and first: so a device never learns that somebody else has the address.

    Raises BAD_USER_INPUT. Raises SIGN_IN_REFUSED, for an unknown address too, after the same time (T13).
    """
    canonical = email_address(email).canonical
    found = None if device_token is None else digest(device_token, TokenKind.DEVICE)
    known = (
        exists()
        .where(devices.c.user_id == users.c.id, devices.c.digest == found, devices.c.expires_at > func.now())
        .correlate(users)
    )
    is_person = or_(users.c.email_verified_at.is_not(None), known)
    statement = (
        select(users.c.id, users.c.password_hash)
        .where(users.c.email_canonical == canonical, is_person)
        .order_by(known.desc())
        .limit(1)
    )
    async with sessions.begin() as session:
        row = (await session.execute(statement)).one_or_none()
    if not await turn.matches(password, None if row is None else row.password_hash) or row is None:
        raise Refusal(RefusalCode.SIGN_IN_REFUSED)
    return ProvedPassword(UserId(row.id), row.password_hash)


async def prove_own_password(
    sessions: WriteSessions, turn: HashingTurn, principal: Principal, password: str, field: str
) -> ProvedPassword:
    """The caller, if the password is its own. Raises PERSON_REQUIRED, and SIGN_IN_REFUSED that names the
    input's field."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    statement = select(users.c.password_hash).where(users.c.id == principal.user_id)
    async with sessions.begin() as session:
        stored_hash: str = (await session.execute(statement)).scalar_one()
    if not await turn.matches(password, stored_hash):
        raise Refusal(RefusalCode.SIGN_IN_REFUSED, "The password is wrong.", field)
    return ProvedPassword(principal.user_id, stored_hash)


async def hold_password(session: WriteSession, proved: ProvedPassword) -> None:
    """Lock the person, so that the password stays until the transaction ends. Raises PasswordChangedError
    where it changed already."""
    statement = select(users.c.password_hash).where(users.c.id == proved.user_id)
    locked = statement.with_for_update(key_share=True)
    if (await session.execute(locked)).scalar_one_or_none() != proved.stored_hash:
        raise PasswordChangedError
