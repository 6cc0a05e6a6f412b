"""Mutations that set up and remove second factors, and that require one in an account."""

from collections.abc import Awaitable, Callable

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, PasskeyId, present
from resolvers.accounts import reads as accounts
from resolvers.inputs.global_ids import required
from resolvers.people.passwords.hashing import HashingTurn
from resolvers.people.passwords.proved_passwords import ProvedPassword, prove_own_password
from resolvers.people.sign_in_limits import own_password_limits
from resolvers.second_factor import factors, passkeys, reads, rules, totp
from resolvers.second_factor.code_limits import code_limits
from schema.fields.context import Context, ContextInfo, principal_of
from schema.fields.ids import account_id
from schema.fields.marks import OPEN, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import P, Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, expected_version
from schema.fields.writes import perform
from schema.people.own_passwords import own_password
from schema.people.password_steps import fixed, perform_with_password
from schema.second_factor.types import Passkey

_ASKED_AGAIN = "Your password: whoever has found a session of yours open does not change your factors."
_RECOVERY_CODES = (
    "Ten recovery codes, each of which works once in place of a factor. They are returned only this once, "
    "and "
    "null where you have codes already."
)


@strawberry.input(description="Your password.")
class OwnPasswordInput:
    password: str | None = own_password(_ASKED_AGAIN)


@strawberry.input(description="The first code of your authenticator app.")
class TotpConfirmInput:
    code: str = strawberry.field(description="The six digits that it shows.")


@strawberry.input(description="The passkey that the browser has made.")
class PasskeyAddInput:
    challenge_token: str = strawberry.field(description="From `passkeyStart`.")
    name: str = strawberry.field(description="A name to know it by, 1 to 200 characters.")
    credential: str = strawberry.field(
        description="What the browser's `navigator.credentials.create` returned, as the JSON text of its "
        "`toJSON()`."
    )


@strawberry.input(description="A passkey to remove.")
class PasskeyRemoveInput:
    passkey_id: strawberry.ID = strawberry.field(description="The passkey, from `SecondFactor.passkeys`.")
    password: str | None = own_password(_ASKED_AGAIN)


@strawberry.input(description="Whether an account requires a second factor.")
class SecondFactorRequireInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    required: bool = strawberry.field(
        description="Whether it requires one, for itself and all accounts below it."
    )


@entity(None, carries={})
class TotpStartPayload(Payload):
    """What an authenticator app needs."""

    secret: str | None = strawberry.field(
        default=None, description="The secret, to be typed into the app. It is returned only this once."
    )
    uri: str | None = strawberry.field(
        default=None, description="The same as an `otpauth:` URI, for an app on the same device."
    )
    qr_code: str | None = strawberry.field(
        default=None,
        description="The URI as a QR code for the app's camera: an SVG document of some kilobytes, black on "
        "white, as large as where it is shown.",
    )


@entity(None, carries={})
class SecondFactorPayload(Payload):
    """The change of your second factors."""

    recovery_codes: list[str] | None = strawberry.field(default=None, description=_RECOVERY_CODES)


@entity(None, carries={})
class PasskeyStartPayload(Payload):
    """What a browser needs to make a passkey. It is valid for ten minutes."""

    challenge_token: str | None = strawberry.field(
        default=None, description="Send it with what the browser made to `passkeyAdd`."
    )
    passkey_options: str | None = strawberry.field(
        default=None,
        description="What `PublicKeyCredential.parseCreationOptionsFromJSON` takes, as JSON text.",
    )


@entity(None, carries={"passkey_id": Uuid()})
class PasskeyAddPayload(Payload):
    """The passkey that was added."""

    passkey: Passkey | None = to_one(reads.passkey_of_result)
    recovery_codes: list[str] | None = strawberry.field(default=None, description=_RECOVERY_CODES)


@entity(None, carries={})
class PasskeyRemovePayload(Payload):
    """The passkey that was removed."""

    passkey_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its id; null if nothing was removed."
    )


@entity(None, carries={"account_id": Uuid()})
class SecondFactorRequirePayload(Payload):
    """The account with its rule."""

    account: AccountRef | None = to_one(accounts.of_result)


@strawberry.type
class FactorMutation:
    @strawberry.mutation(
        directives=OPEN,
        description="Begin to set up an authenticator app. It counts once `totpConfirm` has seen a code of "
        "it. Your e-mail address has to be verified.",
    )
    async def totp_start(self, info: ContextInfo, input: OwnPasswordInput) -> TotpStartPayload:
        async def write(
            session: WriteSession, principal: Principal, proved: ProvedPassword
        ) -> TotpStartPayload:
            made = await totp.start_totp(session, principal, proved, info.context.deployment.keyring())
            return payload(TotpStartPayload, secret=made.secret, uri=made.uri, qr_code=made.qr_code)

        return await _with_own_password(info, TotpStartPayload, input.password, write)

    @strawberry.mutation(
        directives=OPEN,
        description="Let the authenticator app count from now on. With the first factor all your other "
        "sessions end, and you get recovery codes.",
    )
    async def totp_confirm(self, info: ContextInfo, input: TotpConfirmInput) -> SecondFactorPayload:
        principal, context = principal_of(info), info.context

        async def write(session: WriteSession) -> SecondFactorPayload:
            codes = await totp.confirm_totp(session, principal, input.code, context.deployment.keyring())
            return payload(SecondFactorPayload, recovery_codes=codes)

        limits = [] if principal.user_id is None else code_limits(principal.user_id)
        return await perform(info, SecondFactorPayload, write, limits)

    @strawberry.mutation(
        directives=OPEN,
        description="Remove your authenticator app. SECOND_FACTOR_REQUIRED if it is your last factor and an "
        "account that you are in requires one, FAILED_PRECONDITION if you have no app. With the last factor "
        "the recovery codes go.",
    )
    async def totp_disable(self, info: ContextInfo, input: OwnPasswordInput) -> SecondFactorPayload:
        async def write(
            session: WriteSession, principal: Principal, proved: ProvedPassword
        ) -> SecondFactorPayload:
            await totp.disable_totp(session, principal, proved)
            return payload(SecondFactorPayload)

        return await _with_own_password(info, SecondFactorPayload, input.password, write)

    @strawberry.mutation(
        directives=OPEN, description="Replace your recovery codes; the earlier ones no longer work."
    )
    async def recovery_codes_renew(self, info: ContextInfo, input: OwnPasswordInput) -> SecondFactorPayload:
        async def write(
            session: WriteSession, principal: Principal, proved: ProvedPassword
        ) -> SecondFactorPayload:
            codes = await factors.renew_recovery_codes(session, principal, proved)
            return payload(SecondFactorPayload, recovery_codes=codes)

        return await _with_own_password(info, SecondFactorPayload, input.password, write)

    @strawberry.mutation(
        directives=OPEN,
        description="Begin to add a passkey. `passkeyAdd` takes what the browser makes of it. You can have "
        "20. Your "
        "e-mail address has to be verified.",
    )
    async def passkey_start(self, info: ContextInfo, input: OwnPasswordInput) -> PasskeyStartPayload:
        async def write(
            session: WriteSession, principal: Principal, proved: ProvedPassword
        ) -> PasskeyStartPayload:
            made = await passkeys.start_passkey(session, principal, proved, info.context.passkey_site)
            return payload(
                PasskeyStartPayload, challenge_token=made.challenge_token, passkey_options=made.options
            )

        return await _with_own_password(info, PasskeyStartPayload, input.password, write)

    @mutation(OPEN)
    async def passkey_add(
        self, session: WriteSession, principal: Principal, context: Context, input: PasskeyAddInput
    ) -> PasskeyAddPayload:
        """Keep the passkey that the browser has made, as a second factor and to sign in with it alone. With
        the first factor all your other sessions end, and you get recovery codes."""
        command = passkeys.PasskeyAddition(
            challenge_token=input.challenge_token, name=input.name, credential=input.credential
        )
        made = await passkeys.add_passkey(session, principal, context.passkey_site, command)
        return payload(PasskeyAddPayload, passkey_id=made.id, recovery_codes=made.recovery_codes)

    @strawberry.mutation(
        directives=OPEN,
        description="Remove a passkey of yours. SECOND_FACTOR_REQUIRED if it is your last factor and an "
        "account that "
        "you are in requires one.",
    )
    async def passkey_remove(self, info: ContextInfo, input: PasskeyRemoveInput) -> PasskeyRemovePayload:
        async def write(
            session: WriteSession, principal: Principal, proved: ProvedPassword
        ) -> PasskeyRemovePayload:
            passkey_id = PasskeyId(required(Kind.PASSKEY, input.passkey_id, "passkeyId"))
            done = await passkeys.remove_passkey(session, principal, proved, passkey_id)
            return payload(PasskeyRemovePayload, passkey_id=present(Kind.PASSKEY, done))

        return await _with_own_password(info, PasskeyRemovePayload, input.password, write)

    @mutation(needs(Permission.SETTINGS_WRITE))
    async def second_factor_require(
        self, session: WriteSession, principal: Principal, input: SecondFactorRequireInput
    ) -> SecondFactorRequirePayload:
        """Require a second factor of all people who come into an account and the accounts below it, or no
        longer. A session that has proved none reads and changes nothing there, from the next request on; API
        keys are not concerned. Requires SETTINGS_WRITE in the accounts below too, by a right that does not
        expire, and a second factor of your own."""
        command = rules.SecondFactorRule(
            account_id=account_id(input.account_id),
            expected_version=input.expected_version,
            required=input.required,
        )
        done = await rules.update_rule(session, principal, command)
        return payload(SecondFactorRequirePayload, account_id=done.account_id)


async def _with_own_password(
    info: ContextInfo,
    type_: type[P],
    password: str | None,
    write: Callable[[WriteSession, Principal, ProvedPassword], Awaitable[P]],
) -> P:
    """Do the work of a caller who has typed the own password, or has signed in afresh without one."""
    principal = principal_of(info)

    async def check(turn: HashingTurn) -> ProvedPassword:
        return await prove_own_password(info.context.sessions, turn, principal, password, "password")

    async def whole(session: WriteSession, proved: ProvedPassword) -> P:
        return await write(session, principal, proved)

    return await perform_with_password(info, type_, fixed(own_password_limits(principal)), check, whole)
