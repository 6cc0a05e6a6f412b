"""Signing in where a second factor is set: the password opens a challenge, the factor opens the session."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from authz.callers.tokens import digest_of
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import UserId
from models.people.users import users
from models.second_factor.tables import ChallengePurpose, factor_resets
from resolvers.people.passwords.proved_passwords import ProvedPassword, hold_password
from resolvers.people.sign_in import SignedIn, check_password_suffices, welcome
from resolvers.sealing.keyring import KeyringSource
from resolvers.second_factor.challenges import (
    Challenge,
    NewChallenge,
    add_challenge,
    answered,
    challenge_behind,
)
from resolvers.second_factor.factors import Factors, SecondFactorKind, factors_of, prove, take_recovery_code
from resolvers.second_factor.passkeys import check_passkey, request_options
from resolvers.second_factor.resets import factors_after_due_reset
from resolvers.second_factor.site import PasskeySite
from resolvers.second_factor.totp import take_code
from resolvers.sessions.clients import Client


@dataclass(frozen=True)
class Asked:
    """The password was right, and a second factor is missing. `passkey_options`: as JSON, if there is one."""

    challenge: NewChallenge
    factors: Factors
    passkey_options: str | None

    @property
    def kinds(self) -> list[SecondFactorKind]:
        """What the challenge can be answered with."""
        totp = [SecondFactorKind.TOTP] if self.factors.has_totp else []
        passkey = [SecondFactorKind.PASSKEY] if self.factors.has_passkey else []
        return [*totp, *passkey, SecondFactorKind.RECOVERY_CODE]


@dataclass(frozen=True)
class Answer:
    """The answer to a challenge: either a code, of the app or for recovery, or a passkey's answer as JSON."""

    challenge_token: str
    code: str | None = None
    passkey: str | None = None
    device_token: str | None = None


async def sign_in(
    session: WriteSession,
    proved: ProvedPassword,
    client: Client,
    site: PasskeySite,
    device_token: str | None = None,
) -> SignedIn | Asked:
    """Open a session for the person whose password was checked, or ask for a second factor. Raises
    PasswordChangedError, SINGLE_SIGN_ON_REQUIRED."""
    await hold_password(session, proved)
    await check_password_suffices(session, proved.user_id)
    factors = await factors_after_due_reset(session, proved.user_id)
    if not factors.any:
        return await welcome(session, proved.user_id, client, device_token)
    challenge = await add_challenge(session, ChallengePurpose.SIGN_IN, proved.user_id, proved.stored_hash)
    options = None
    if factors.has_passkey:
        options = await request_options(session, site, challenge.nonce, proved.user_id)
    return Asked(challenge, factors, options)


async def confirm_sign_in(
    session: WriteSession, answer: Answer, client: Client, site: PasskeySite, keyring: KeyringSource
) -> SignedIn:
    """Open the session whose second factor is proved now. Raises SECOND_FACTOR_REFUSED, BAD_USER_INPUT,
    SINGLE_SIGN_ON_REQUIRED."""
    challenge = await challenge_behind(session, ChallengePurpose.SIGN_IN, answer.challenge_token)
    user_id = await _hold(session, challenge)
    await answered(session, challenge)
    if (answer.code is None) == (answer.passkey is None):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Give either code or passkey.", "code")
    if answer.passkey is not None:
        await check_passkey(session, site, challenge.nonce, answer.passkey, user_id)
    elif not await _is_right(session, user_id, answer.code or "", keyring):
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, field="code")
    return await _open(session, user_id, client, answer.device_token)


async def sign_in_with_passkey(
    session: WriteSession, answer: Answer, client: Client, site: PasskeySite
) -> SignedIn:
    """Open a session for whoever has the passkey, which has also checked that it is its owner. Raises
    SECOND_FACTOR_REFUSED, SINGLE_SIGN_ON_REQUIRED."""
    challenge = await challenge_behind(session, ChallengePurpose.PASSKEY_SIGN_IN, answer.challenge_token)
    await answered(session, challenge)
    user_id = await check_passkey(session, site, challenge.nonce, answer.passkey or "", None)
    return await _open(session, user_id, client, answer.device_token)


async def _open(session: WriteSession, user_id: UserId, client: Client, device_token: str | None) -> SignedIn:
    """Who has a factor needs no reset of it."""
    await check_password_suffices(session, user_id)
    await session.send_built(delete(factor_resets).where(factor_resets.c.user_id == user_id))
    signed_in = await welcome(session, user_id, client, device_token)
    await prove(session, digest_of(signed_in.token))
    return signed_in


async def _is_right(session: WriteSession, user_id: UserId, code: str, keyring: KeyringSource) -> bool:
    if (await factors_of(session, user_id)).has_totp and await take_code(session, user_id, code, keyring()):
        return True
    return await take_recovery_code(session, user_id, code)


async def _hold(session: WriteSession, challenge: Challenge) -> UserId:
    """The person, locked, while its password is the one that opened the challenge."""
    if challenge.user_id is None:
        raise AssertionError("a sign-in is somebody's")
    stored = select(users.c.password_hash).where(users.c.id == challenge.user_id)
    password_hash = (await session.execute(stored.with_for_update(key_share=True))).scalar_one()
    if digest_of(password_hash) != challenge.password_digest:
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, "The password was changed. Begin again.")
    return challenge.user_id
