"""Mutations for signing up, in and out, and for changing the password."""

import datetime
from collections.abc import Sequence

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Credentials, Principal
from authz.callers.tokens import digest_of
from authz.policy.refusals import Refusal
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.accounts.tables import Currency
from resolvers.accounts import reads as accounts
from resolvers.accounts import sign_up as sign_up_writes
from resolvers.api_keys import reads as api_keys
from resolvers.effects.attempts import Limit, place_of
from resolvers.inputs.emails import email_address
from resolvers.people import reads as users
from resolvers.people import sign_in as writes
from resolvers.people.devices import known_device
from resolvers.people.passwords.hashing import HashingTurn
from resolvers.people.passwords.new_passwords import PASSWORD_RULE
from resolvers.people.passwords.proved_passwords import ProvedPassword, prove_password
from resolvers.people.sign_in_limits import WINDOW, own_password_limits, sign_in_limits
from resolvers.second_factor import sign_in as factor_sign_in
from resolvers.second_factor.factors import SecondFactorKind
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import ANYBODY, OPEN
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef, ApiKeyRef
from schema.people.password_steps import fixed, perform_with_password
from schema.people.types import User

OF_THE_DEVICE = (
    "A secret that identifies this device. Keep it, also after signing out, and send it with the next "
    "`signIn`: then failed sign-ins from other devices do not lock you out."
)
"""The description of `deviceToken`."""

_SIGN_UPS_FROM_A_PLACE = 20
"""In a WINDOW, also those that are done: each makes a person and sends it a mail."""


@strawberry.input(description="A person, and either the name of a master account or an invitation.")
class SignUpInput:
    name: str = strawberry.field(description="The person's name: 1 to 200 characters.")
    email: str = strawberry.field(description="The e-mail address.")
    password: str = strawberry.field(description=PASSWORD_RULE)
    account_name: str | None = strawberry.field(
        default=None, description="The name of the master account to create."
    )
    invitation_token: str | None = strawberry.field(
        default=None,
        description="The secret of an invitation's link. The invitation is accepted at once, and proves the "
        "address.",
    )
    share_token: str | None = strawberry.field(
        default=None,
        description="With `accountName`, the secret of a share's link. The share is accepted at once, and "
        "proves the address as an invitation does. A person who already owns an account gets no other.",
    )
    currency: Currency = strawberry.field(
        default=Currency.EUR,
        description="The currency of all amounts in the master account and below it. `accountUpdate` "
        "corrects it until there are any.",
    )


@strawberry.input(description="The e-mail address and password of a person.")
class SignInInput:
    email: str = strawberry.field(description="The e-mail address.")
    password: str = strawberry.field(description="The password.")
    device_token: str | None = strawberry.field(
        default=None,
        description="The secret that an earlier `signIn`, `signUp` or `passwordReset` gave this device.",
    )


@strawberry.input(description="The current password and the new one.")
class PasswordChangeInput:
    current_password: str = strawberry.field(description="The current password.")
    new_password: str = strawberry.field(description=PASSWORD_RULE)


@entity(None, carries={"user_id": Uuid(), "account_id": Uuid(), "api_key_id": Uuid()})
class SignUpPayload(Payload):
    """A person who signed up and is signed in. To read the other fields again later, send the token."""

    token: str | None = strawberry.field(
        default=None, description="The session's token. Send it as `Authorization: Bearer ...`."
    )
    expires_at: datetime.datetime | None = strawberry.field(
        default=None, description="When the token expires."
    )
    device_token: str | None = strawberry.field(default=None, description=OF_THE_DEVICE)
    secret: str | None = strawberry.field(
        default=None, description="The secret of the account's first API key. It is returned only this once."
    )
    user: User | None = to_one(users.of_result)
    account: AccountRef | None = to_one(accounts.of_result)
    api_key: ApiKeyRef | None = to_one(api_keys.of_result, description="The account's first API key.")


@entity(None, carries={"user_id": Uuid()})
class SignInPayload(Payload):
    """The new session."""

    token: str | None = strawberry.field(
        default=None, description="The session's token. Send it as `Authorization: Bearer ...`."
    )
    expires_at: datetime.datetime | None = strawberry.field(
        default=None, description="When the token expires."
    )
    device_token: str | None = strawberry.field(default=None, description=OF_THE_DEVICE)
    user: User | None = to_one(users.of_result)
    challenge_token: str | None = strawberry.field(
        default=None,
        description="Where the person has a second factor, there is no token yet: send this to "
        "`signInConfirm` within ten minutes, with a code or a passkey's answer.",
    )
    second_factors: list[SecondFactorKind] | None = strawberry.field(
        default=None, description="What the challenge can be answered with; null where there is none."
    )
    passkey_options: str | None = strawberry.field(
        default=None,
        description="For a passkey: what `PublicKeyCredential.parseRequestOptionsFromJSON` takes, as JSON "
        "text.",
    )


@entity(None, carries={"user_id": Uuid()})
class PersonPayload(Payload):
    """The person who sent the request."""

    user: User | None = to_one(users.of_result)


@strawberry.type
class SessionMutation:
    @strawberry.mutation(
        directives=ANYBODY,
        description="Create a person with a master account and its first API key, or accept an invitation. "
        "With `shareToken` a share is accepted as well. A link and a code mailed to the address verify it, "
        "see `emailVerify`; an invitation or share verifies it at once. Until the address is verified, the "
        "person has only that account, can invite nobody, and signs in only with the `deviceToken` returned "
        "here. If somebody else has verified the address, the answer is the same, and that person receives a "
        "mail instead. SIGN_UP_REFUSED: the invitation or share is for somebody who has another password.",
    )
    async def sign_up(self, info: ContextInfo, input: SignUpInput) -> SignUpPayload:
        command = sign_up_writes.SignUp(
            name=input.name,
            email=input.email,
            account_name=input.account_name,
            invitation_token=input.invitation_token,
            pages=info.context.mailbox_pages,
            share_token=input.share_token,
            currency=input.currency,
            reason=info.context.reason,
            client=info.context.client,
        )

        async def limits() -> Sequence[Limit]:
            place = f"sign-up from {place_of(info.context.client_address)}"
            by_place = Limit(subject=place, most=_SIGN_UPS_FROM_A_PLACE, window=WINDOW)
            return [by_place, *await _limits(info, input.email, None)]

        async def check(turn: HashingTurn) -> sign_up_writes.SignUpPassword:
            return await sign_up_writes.check_sign_up(info.context.sessions, turn, command, input.password)

        async def write(session: WriteSession, password: sign_up_writes.SignUpPassword) -> SignUpPayload:
            done = await sign_up_writes.sign_up(session, command, password)
            return payload(
                SignUpPayload,
                user_id=done.signed_in.user_id,
                account_id=done.account_id,
                api_key_id=done.api_key_id,
                token=done.signed_in.token,
                expires_at=done.signed_in.expires_at,
                device_token=done.signed_in.device_token,
                secret=done.secret,
            )

        return await perform_with_password(info, SignUpPayload, limits, check, write, _as_signed_up)

    @strawberry.mutation(
        directives=ANYBODY,
        description="Open a session with an e-mail address and a password. Where the person has a second "
        "factor, it opens a challenge instead, see `signInConfirm`.",
    )
    async def sign_in(self, info: ContextInfo, input: SignInInput) -> SignInPayload:
        async def limits() -> Sequence[Limit]:
            return await _limits(info, input.email, input.device_token)

        async def check(turn: HashingTurn) -> ProvedPassword:
            return await prove_password(
                info.context.sessions,
                turn,
                email=input.email,
                password=input.password,
                device_token=input.device_token,
            )

        async def write(session: WriteSession, proved: ProvedPassword) -> SignInPayload:
            context = info.context
            done = await factor_sign_in.sign_in(
                session, proved, context.client, context.passkey_site, input.device_token
            )
            if isinstance(done, factor_sign_in.Asked):
                return payload(
                    SignInPayload,
                    challenge_token=done.challenge.token,
                    second_factors=done.kinds,
                    passkey_options=done.passkey_options,
                )
            return payload(
                SignInPayload,
                user_id=done.user_id,
                token=done.token,
                expires_at=done.expires_at,
                device_token=done.device_token,
            )

        return await perform_with_password(info, SignInPayload, limits, check, write)

    @mutation(OPEN)
    async def sign_out(self, session: WriteSession, principal: Principal) -> PersonPayload:
        """End the session that sends this request."""
        await writes.sign_out(session, principal)
        return payload(PersonPayload, user_id=principal.user_id)

    @strawberry.mutation(
        directives=OPEN,
        description="Change your password. All your other sessions end, and so do links that were "
        "mailed to set another one. A mail tells you of it.",
    )
    async def password_change(self, info: ContextInfo, input: PasswordChangeInput) -> PersonPayload:
        principal = principal_of(info)

        async def check(turn: HashingTurn) -> writes.PasswordChange:
            return await writes.check_password_change(
                info.context.sessions,
                turn,
                principal,
                current_password=input.current_password,
                password=input.new_password,
            )

        async def write(session: WriteSession, change: writes.PasswordChange) -> PersonPayload:
            user_id = await writes.change_password(session, principal, change, info.context.client)
            return payload(PersonPayload, user_id=user_id)

        limits = fixed(own_password_limits(principal))
        return await perform_with_password(info, PersonPayload, limits, check, write)


def _as_signed_up(done: SignUpPayload) -> Credentials:
    return Credentials(digest_of(done.token or ""))


async def _limits(info: ContextInfo, email: str, device_token: str | None) -> list[Limit]:
    """The limits of the canonical address. An invalid address has none; it is refused anyway."""
    try:
        canonical = email_address(email).canonical
    except Refusal:
        return []
    known = None
    if device_token is not None:
        async with info.context.sessions.begin() as session:
            known = await known_device(session, canonical, device_token)
    return sign_in_limits(canonical=canonical, client_address=info.context.client_address, known_device=known)
