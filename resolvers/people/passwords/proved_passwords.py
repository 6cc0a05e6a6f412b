"""Passwords that were checked, and are still the same when the write that needs them runs.

Who has no password, because a company signs the person in, confirms by a fresh single sign-on instead.
"""

import datetime
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select

from authz.callers.principals import Principal
from authz.callers.tokens import TokenKind, digest
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import UserId
from models.people.devices import devices
from models.people.sessions import sessions
from models.people.users import users
from resolvers.inputs.emails import email_address
from resolvers.people.passwords.hashing import HashingTurn

FRESH_FOR = datetime.timedelta(minutes=10)
"""How long single sign-on counts as a confirmation."""


@dataclass(frozen=True)
class ProvedPassword:
    """A person's correct password. `stored_hash`: the hash that it was compared with; None: the person has no
    password, and has signed in afresh."""

    user_id: UserId
    stored_hash: str | None


class PasswordChangedError(Exception):
    """The stored hash is no longer the compared one, so that the check is void."""


async def prove_password(
    write_sessions: WriteSessions, turn: HashingTurn, email: str, password: str, device_token: str | None
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
    async with write_sessions.begin() as session:
        row = (await session.execute(statement)).one_or_none()
    if not await turn.matches(password, None if row is None else row.password_hash) or row is None:
        raise Refusal(RefusalCode.SIGN_IN_REFUSED)
    return ProvedPassword(UserId(row.id), row.password_hash)


async def prove_own_password(
    write_sessions: WriteSessions, turn: HashingTurn, principal: Principal, password: str | None, field: str
) -> ProvedPassword:
    """The caller, if the password is its own; or without one, if the caller has none and single sign-on has
    opened the session just now.

    Raises PERSON_REQUIRED, SIGN_IN_REFUSED that names the input's field, BAD_USER_INPUT where a password is
    missing, FRESH_SIGN_IN_REQUIRED.
    """
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    stored = select(users.c.password_hash, _signed_in_afresh(principal).label("is_fresh"))
    async with write_sessions.begin() as session:
        row = (await session.execute(stored.where(users.c.id == principal.user_id))).one()
    if password is None:
        _check_fresh(row.password_hash, field, is_fresh=row.is_fresh)
    elif not await turn.matches(password, row.password_hash):
        raise Refusal(RefusalCode.SIGN_IN_REFUSED, "The password is wrong.", field)
    return ProvedPassword(principal.user_id, row.password_hash)


def _signed_in_afresh(principal: Principal) -> ColumnElement[bool]:
    """Whether the caller's session was opened by single sign-on within the last minutes. The session of an
    issuer's bearer token, which has an end of its own, says nothing of when the person has signed in."""
    return exists().where(
        sessions.c.digest == principal.credentials.digest,
        sessions.c.sign_on_master_id.is_not(None),
        sessions.c.ends_by.is_(None),
        sessions.c.created_at > func.now() - FRESH_FOR,
    )


def _check_fresh(stored_hash: str | None, field: str, *, is_fresh: bool) -> None:
    if stored_hash is not None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Give your password.", field)
    if not is_fresh:
        raise Refusal(RefusalCode.FRESH_SIGN_IN_REQUIRED)


async def hold_password(session: WriteSession, proved: ProvedPassword) -> None:
    """Lock the person, so that the password stays until the transaction ends. Raises PasswordChangedError
    where it changed already."""
    statement = select(users.c.password_hash).where(users.c.id == proved.user_id)
    locked = statement.with_for_update(key_share=True)
    if (await session.execute(locked)).scalar_one_or_none() != proved.stored_hash:
        raise PasswordChangedError
