"""Which factors a person has. The caller holds the person's row where it decides by them."""

import enum
import secrets
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, func, insert, literal, select
from sqlalchemy.types import Uuid

from authz.callers.principals import Principal
from authz.callers.tokens import Digest, digest_of
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import UserId
from models.people.sessions import sessions
from models.people.users import users
from models.second_factor.tables import passkeys, recovery_codes, totp_secrets
from resolvers.people.passwords.proved_passwords import ProvedPassword, hold_password
from resolvers.second_factor.mail import tell
from resolvers.second_factor.notices import Notice

RECOVERY_CODES = 10
_CODE_DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 of them, so that 16 are 80 bits. None looks like another."""
_CODE_LENGTH = 16
_GROUP = 4


class SecondFactorKind(enum.Enum):
    """What answers the challenge of a sign-in."""

    TOTP = "TOTP"
    PASSKEY = "PASSKEY"
    RECOVERY_CODE = "RECOVERY_CODE"


@dataclass(frozen=True)
class Factors:
    """What the person can prove itself with."""

    has_totp: bool
    has_passkey: bool

    @property
    def any(self) -> bool:
        """Whether a sign-in asks for one."""
        return self.has_totp or self.has_passkey


def has_totp(user_id: UserId) -> ColumnElement[bool]:
    """Whether the person has an authenticator app that was confirmed."""
    return exists().where(totp_secrets.c.user_id == user_id, totp_secrets.c.confirmed_at.is_not(None))


def has_passkey(user_id: UserId) -> ColumnElement[bool]:
    """Whether the person has a passkey."""
    return exists().where(passkeys.c.user_id == user_id)


async def factors_of(session: WriteSession, user_id: UserId) -> Factors:
    """The person's factors now."""
    found = select(has_totp(user_id).label("totp"), has_passkey(user_id).label("passkey"))
    row = (await session.execute(found)).one()
    return Factors(row.totp, row.passkey)


async def hold_person(session: WriteSession, principal: Principal) -> UserId:
    """The caller, locked: no two changes of its factors run at once. Raises PERSON_REQUIRED, and
    ADDRESS_NOT_VERIFIED, because the mailbox's owner could not sign in any more."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    verified_at = select(users.c.email_verified_at).where(users.c.id == principal.user_id)
    if (await session.execute(verified_at.with_for_update(key_share=True))).scalar_one() is None:
        raise Refusal(RefusalCode.ADDRESS_NOT_VERIFIED)
    return principal.user_id


async def first_factor_was_added(session: WriteSession, principal: Principal, user_id: UserId) -> list[str]:
    """The caller has just proved its first factor: the other sessions end, which have proved none. Returns
    the recovery codes, which are shown this once."""
    others = delete(sessions).where(
        sessions.c.user_id == user_id, sessions.c.digest != principal.credentials.digest
    )
    await session.send_built(others)
    await prove(session, principal.credentials.digest)
    return await new_recovery_codes(session, user_id)


async def prove(session: WriteSession, token_digest: Digest) -> None:
    """Note that the session has proved a second factor."""
    await session.execute(select(func.mandant_prove_second_factor(token_digest)))


async def new_recovery_codes(session: WriteSession, user_id: UserId) -> list[str]:
    """Replace the person's recovery codes."""
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    await session.send_built(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows = [{"user_id": user_id, "digest": recovery_digest(code)} for code in codes]
    await session.send_built(insert(recovery_codes).values(rows))
    return codes


async def renew_recovery_codes(
    session: WriteSession, principal: Principal, proved: ProvedPassword
) -> list[str]:
    """Replace the caller's recovery codes. Raises FAILED_PRECONDITION without a factor,
    PasswordChangedError."""
    user_id = await hold_person(session, principal)
    await hold_password(session, proved)
    if not (await factors_of(session, user_id)).any:
        message = "Recovery codes stand in for a second factor. Set one up first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message)
    codes = await new_recovery_codes(session, user_id)
    await tell(session, user_id, Notice.CODES_RENEWED)
    return codes


async def take_recovery_code(session: WriteSession, user_id: UserId, code: str) -> bool:
    """Whether it is one of the person's codes. It works no more, and the person is told."""
    this = delete(recovery_codes).where(
        recovery_codes.c.user_id == user_id, recovery_codes.c.digest == recovery_digest(code)
    )
    found = await session.execute(this.returning(recovery_codes.c.user_id))
    is_taken = found.one_or_none() is not None
    if is_taken:
        await tell(session, user_id, Notice.CODE_USED)
    return is_taken


def recovery_digest(code: str) -> Digest:
    """What is stored of a code, however it was typed."""
    return digest_of("".join(code.split()).replace("-", "").upper())


async def factor_was_removed(session: WriteSession, user_id: UserId) -> None:
    """Without a factor the recovery codes go, and no session counts as proved. Raises SECOND_FACTOR_REQUIRED
    where an account of the person requires a factor: then the last one stays."""
    if (await factors_of(session, user_id)).any:
        return
    needed = select(func.mandant_needs_second_factor(literal(user_id, Uuid)))
    if (await session.execute(needed)).scalar_one():
        message = "An account that you are in requires a second factor. Add another one first."
        raise Refusal(RefusalCode.SECOND_FACTOR_REQUIRED, message)
    await forget_factors(session, user_id)


async def forget_factors(session: WriteSession, user_id: uuid.UUID) -> None:
    """Delete all of the person's factors. No session of the person counts as proved any more."""
    for table in (totp_secrets, recovery_codes, passkeys):
        await session.send_built(delete(table).where(table.c.user_id == user_id))
    await session.execute(select(func.mandant_forget_second_factor(literal(user_id, Uuid))))


def _recovery_code() -> str:
    digits = "".join(secrets.choice(_CODE_DIGITS) for _ in range(_CODE_LENGTH))
    return "-".join(digits[start : start + _GROUP] for start in range(0, _CODE_LENGTH, _GROUP))
