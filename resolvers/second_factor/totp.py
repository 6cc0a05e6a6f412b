"""Codes of an authenticator app (RFC 6238): six digits, a new one each 30 seconds."""

import hmac
import io
import re
from dataclasses import dataclass

import pyotp
import segno
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from authz.callers.principals import Principal
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import UserId
from models.people.users import users
from models.second_factor.tables import totp_secrets
from resolvers.people.passwords.proved_passwords import ProvedPassword, hold_password
from resolvers.sealing.keyring import Keyring, NotOpenedError
from resolvers.second_factor.factors import (
    factor_was_removed,
    factors_of,
    first_factor_was_added,
    hold_person,
)
from resolvers.second_factor.mail import tell
from resolvers.second_factor.notices import Notice
from resolvers.second_factor.sealed_columns import TOTP_SECRET

ISSUER = "Mandant"
_STEP_SECONDS = 30
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True)
class TotpSecret:
    """What the app needs."""

    secret: str
    uri: str

    @property
    def qr_code(self) -> str:
        """The URI as a picture for the app's camera: an SVG document, dark on white whatever is behind it."""
        picture = io.BytesIO()
        segno.make_qr(self.uri, error="m").save(
            picture, kind="svg", xmldecl=False, omitsize=True, light="#fff", svgclass=None, lineclass=None
        )
        return picture.getvalue().decode()


async def start_totp(
    session: WriteSession, principal: Principal, proved: ProvedPassword, keyring: Keyring
) -> TotpSecret:
    """Make a secret for the caller's app, which counts once `confirm_totp` has seen a code of it. Raises
    FAILED_PRECONDITION for a person with an app, ADDRESS_NOT_VERIFIED, PasswordChangedError."""
    user_id = await hold_person(session, principal)
    await hold_password(session, proved)
    if (await factors_of(session, user_id)).has_totp:
        message = "You have an authenticator app. Remove it first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message)
    secret = pyotp.random_base32()
    sealed = keyring.seal(TOTP_SECRET.place({"user_id": user_id}), secret.encode())
    made = insert(totp_secrets).values(user_id=user_id, secret=sealed)
    await session.send_built(
        made.on_conflict_do_update(
            index_elements=["user_id"], set_={"secret": made.excluded.secret, "last_step": None}
        )
    )
    email = (await session.execute(select(users.c.email).where(users.c.id == user_id))).scalar_one()
    return TotpSecret(secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))


async def confirm_totp(
    session: WriteSession, principal: Principal, code: str, keyring: Keyring
) -> list[str] | None:
    """Let the app count from now on. Returns the recovery codes, if it is the caller's first factor. Whoever
    sends the same code again, such as by a double click, is answered too, and gets none. Raises
    SECOND_FACTOR_REFUSED, and FAILED_PRECONDITION where no secret waits for it."""
    user_id = await hold_person(session, principal)
    before = await factors_of(session, user_id)
    own = totp_secrets.c.user_id == user_id
    stored = select(totp_secrets.c.confirmed_at, totp_secrets.c.last_step).where(own)
    app = (await session.execute(stored)).one_or_none()
    if app is None or app.confirmed_at is not None:
        if app is not None and app.last_step == await _step_of(session, user_id, code, keyring):
            return None
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "Begin with `totpStart`.")
    if not await take_code(session, user_id, code, keyring):
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, field="code")
    confirmed = update(totp_secrets).where(totp_secrets.c.user_id == user_id)
    await session.send_built(confirmed.values(confirmed_at=func.now()))
    codes = None if before.any else await first_factor_was_added(session, principal, user_id)
    await tell(session, user_id, Notice.APP_ADDED)
    return codes


async def disable_totp(session: WriteSession, principal: Principal, proved: ProvedPassword) -> UserId:
    """Forget the caller's app. Raises SECOND_FACTOR_REQUIRED for the last factor where one is required,
    FAILED_PRECONDITION without an app, PasswordChangedError."""
    user_id = await hold_person(session, principal)
    await hold_password(session, proved)
    gone = delete(totp_secrets).where(totp_secrets.c.user_id == user_id)
    if (await session.execute(gone.returning(totp_secrets.c.user_id))).one_or_none() is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "No authenticator app is set up.")
    await factor_was_removed(session, user_id)
    await tell(session, user_id, Notice.APP_REMOVED)
    return user_id


async def take_code(session: WriteSession, user_id: UserId, code: str, keyring: Keyring) -> bool:
    """Whether it is the person's code of now, or of the step before, and was not taken yet. No code of this
    step or of an earlier one is taken again."""
    step = await _step_of(session, user_id, code, keyring)
    if step is None:
        return False
    newer = or_(totp_secrets.c.last_step.is_(None), totp_secrets.c.last_step < step)
    taken = update(totp_secrets).where(totp_secrets.c.user_id == user_id, newer).values(last_step=step)
    return (await session.execute(taken.returning(totp_secrets.c.user_id))).one_or_none() is not None


async def _step_of(session: WriteSession, user_id: UserId, code: str, keyring: Keyring) -> int | None:
    """The step whose code of the person's app it is; None: a wrong one."""
    typed = "".join(code.split())
    statement = select(totp_secrets.c.secret).where(totp_secrets.c.user_id == user_id)
    sealed = (await session.execute(statement)).scalar_one_or_none()
    if sealed is None or not _CODE.fullmatch(typed):
        return None
    try:
        secret = keyring.open(TOTP_SECRET.place({"user_id": user_id}), sealed).decode()
    except NotOpenedError:
        return None
    now: float = (await session.execute(select(func.extract("epoch", func.clock_timestamp())))).scalar_one()
    return matching_step(secret, typed, float(now))


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The step whose code it is: that of the moment, or the one before. `now`: seconds since 1970."""
    current, made = int(now) // _STEP_SECONDS, pyotp.TOTP(secret)
    for step in (current, current - 1):
        if hmac.compare_digest(made.generate_otp(step), code):
            return step
    return None
