"""Passkeys (WebAuthn): a second factor, and enough alone, because they check who uses them."""

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from authz.callers.principals import Principal
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import PasskeyId, UserId, new_id
from models.people.users import users
from models.second_factor.tables import ChallengePurpose, passkeys
from resolvers.inputs.text import visible_text
from resolvers.people.passwords.proved_passwords import ProvedPassword, hold_password
from resolvers.second_factor.challenges import add_challenge, answered, challenge_behind
from resolvers.second_factor.factors import (
    factor_was_removed,
    factors_of,
    first_factor_was_added,
    hold_person,
)
from resolvers.second_factor.mail import tell
from resolvers.second_factor.notices import Notice
from resolvers.second_factor.site import PasskeySite

MOST_PASSKEYS = 20
"""Of a person."""

_NAME = "Mandant"


@dataclass(frozen=True)
class NewPasskey:
    """`options`: what the browser's `credentials.create` takes, as JSON."""

    challenge_token: str
    options: str


@dataclass(frozen=True)
class PasskeyAddition:
    """`credential`: what the browser has made, as JSON."""

    challenge_token: str
    name: str
    credential: str


@dataclass(frozen=True)
class AddedPasskey:
    """`recovery_codes`: if it is the person's first factor."""

    id: PasskeyId
    recovery_codes: list[str] | None


async def start_passkey(
    session: WriteSession, principal: Principal, proved: ProvedPassword, site: PasskeySite
) -> NewPasskey:
    """Let the caller's browser make a passkey. Raises FAILED_PRECONDITION beyond 20, ADDRESS_NOT_VERIFIED,
    PasswordChangedError."""
    user_id = await hold_person(session, principal)
    await hold_password(session, proved)
    known = await _credentials_of(session, user_id)
    if len(known) >= MOST_PASSKEYS:
        raise Refusal(
            RefusalCode.FAILED_PRECONDITION, f"You have {MOST_PASSKEYS} passkeys. Remove one first."
        )
    challenge = await add_challenge(session, ChallengePurpose.PASSKEY_ADD, user_id)
    row = (await session.execute(select(users.c.email, users.c.name).where(users.c.id == user_id))).one()
    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=_NAME,
        user_id=user_id.bytes,
        user_name=row.email,
        user_display_name=row.name,
        challenge=challenge.nonce,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=known,
    )
    return NewPasskey(challenge.token, options_to_json(options))


async def add_passkey(
    session: WriteSession,
    principal: Principal,
    site: PasskeySite,
    command: PasskeyAddition,
) -> AddedPasskey:
    """Keep the passkey that the browser has made. Raises SECOND_FACTOR_REFUSED for another origin, another
    challenge or an answer that is none, and BAD_USER_INPUT for the name."""
    shown = visible_text(command.name, "name")
    user_id = await hold_person(session, principal)
    challenge = await challenge_behind(session, ChallengePurpose.PASSKEY_ADD, command.challenge_token)
    if challenge.user_id != user_id:
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, field="challengeToken")
    await answered(session, challenge)
    before = await factors_of(session, user_id)
    try:
        made = verify_registration_response(
            credential=command.credential,
            expected_challenge=challenge.nonce,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, field="credential") from error
    taken = select(passkeys.c.id).where(passkeys.c.credential_id == made.credential_id)
    if (await session.execute(taken)).one_or_none() is not None:
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, "The passkey is in use.", "credential")
    passkey_id = PasskeyId(new_id())
    await session.send_built(
        insert(passkeys).values(
            id=passkey_id,
            user_id=user_id,
            name=shown,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
        )
    )
    codes = None if before.any else await first_factor_was_added(session, principal, user_id)
    await tell(session, user_id, Notice.PASSKEY_ADDED, shown)
    return AddedPasskey(passkey_id, codes)


async def remove_passkey(
    session: WriteSession, principal: Principal, proved: ProvedPassword, passkey_id: PasskeyId
) -> PasskeyId:
    """Forget a passkey of the caller. Raises NOT_FOUND, PasswordChangedError, and SECOND_FACTOR_REQUIRED for
    the last factor where one is required."""
    user_id = await hold_person(session, principal)
    await hold_password(session, proved)
    own = delete(passkeys).where(passkeys.c.id == passkey_id, passkeys.c.user_id == user_id)
    name: str | None = (await session.execute(own.returning(passkeys.c.name))).scalar_one_or_none()
    if name is None:
        raise Refusal(RefusalCode.NOT_FOUND, field="passkeyId")
    await factor_was_removed(session, user_id)
    await tell(session, user_id, Notice.PASSKEY_REMOVED, name)
    return passkey_id


async def request_options(
    session: WriteSession, site: PasskeySite, nonce: bytes, user_id: UserId | None
) -> str:
    """What the browser's `credentials.get` takes, as JSON. `user_id` None: any passkey of this site."""
    allowed = None if user_id is None else await _credentials_of(session, user_id)
    options = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=nonce,
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


async def check_passkey(
    session: WriteSession, site: PasskeySite, nonce: bytes, credential: str, user_id: UserId | None
) -> UserId:
    """The person whose passkey has signed the nonce, which is locked. `user_id`: who it has to be. Raises
    SECOND_FACTOR_REFUSED, alike for a passkey that nobody has and for one of somebody else."""
    parsed = _parsed(credential)
    columns = passkeys.c.id, passkeys.c.user_id
    found = select(*columns).where(passkeys.c.credential_id == parsed.raw_id)
    row = (await session.execute(found)).one_or_none()
    if row is None or (user_id is not None and row.user_id != user_id):
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, field="passkey")
    await session.execute(select(users.c.id).where(users.c.id == row.user_id).with_for_update(key_share=True))
    stored = select(passkeys.c.public_key, passkeys.c.sign_count).where(passkeys.c.id == row.id)
    kept = (await session.execute(stored)).one_or_none()
    if kept is None:
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, field="passkey")
    try:
        used = verify_authentication_response(
            credential=parsed,
            expected_challenge=nonce,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=kept.public_key,
            credential_current_sign_count=kept.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, field="passkey") from error
    noted = {"sign_count": used.new_sign_count, "last_used_at": func.now()}
    await session.send_built(update(passkeys).where(passkeys.c.id == row.id).values(noted))
    return UserId(row.user_id)


async def _credentials_of(session: WriteSession, user_id: UserId) -> list[PublicKeyCredentialDescriptor]:
    found = select(passkeys.c.credential_id).where(passkeys.c.user_id == user_id).order_by(passkeys.c.id)
    return [PublicKeyCredentialDescriptor(id=each) for each in (await session.execute(found)).scalars()]


def _parsed(credential: str) -> AuthenticationCredential:
    try:
        return parse_authentication_credential_json(credential)
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, field="passkey") from error
