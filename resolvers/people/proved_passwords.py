"""Passwords that were checked, and are still the same when the write that needs them runs."""

from dataclasses import dataclass

from sqlalchemy import select

from authz.callers.principals import Principal
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import UserId
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
    sessions: WriteSessions, turn: HashingTurn, email: str, password: str
) -> ProvedPassword:
    """The person with the address, if the password is right. Raises BAD_USER_INPUT. Raises SIGN_IN_REFUSED,
    for an unknown address too, after the same time (T13)."""
    canonical = email_address(email).canonical
    statement = select(users.c.id, users.c.password_hash).where(users.c.email_canonical == canonical)
    async with sessions.begin() as session:
        row = (await session.execute(statement)).one_or_none()
    if not await turn.matches(password, None if row is None else row.password_hash) or row is None:
        raise Refusal(RefusalCode.SIGN_IN_REFUSED)
    return ProvedPassword(UserId(row.id), row.password_hash)


async def prove_own_password(
    sessions: WriteSessions, turn: HashingTurn, principal: Principal, password: str
) -> ProvedPassword:
    """The caller, if it is its password. Raises PERSON_REQUIRED, SIGN_IN_REFUSED."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    statement = select(users.c.password_hash).where(users.c.id == principal.user_id)
    async with sessions.begin() as session:
        stored: str = (await session.execute(statement)).scalar_one()
    if not await turn.matches(password, stored):
        raise Refusal(RefusalCode.SIGN_IN_REFUSED, "The password is wrong.", "password")
    return ProvedPassword(principal.user_id, stored)


async def hold_password(session: WriteSession, proved: ProvedPassword) -> None:
    """Lock the person, so that the password stays until the transaction ends. Raises PasswordChangedError
    where it changed already."""
    statement = select(users.c.password_hash).where(users.c.id == proved.user_id)
    locked = statement.with_for_update(key_share=True)
    if (await session.execute(locked)).scalar_one_or_none() != proved.stored_hash:
        raise PasswordChangedError
