"""Signing up, in and out."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.principals import Credentials
from authz.refusals import Refusal
from authz.tokens import digest_of
from engine.declarations import entity, to_one
from engine.write_sessions import WriteSession
from models.accounts import Currency
from resolvers import accounts, api_keys, users
from resolvers import sessions as writes
from resolvers import sign_up as sign_up_writes
from resolvers.attempts import Limit
from resolvers.emails import email_address
from schema.accounts import Account
from schema.api_keys import ApiKey
from schema.context import ContextInfo, principal_of
from schema.user_errors import UserError
from schema.users import User
from schema.writes import ANYBODY, OPEN, authz_revision, payload, perform, user_errors

_WINDOW = datetime.timedelta(minutes=10)
_SIGN_INS_OF_AN_ADDRESS = 10
_SIGN_INS_FROM_A_PLACE = 100
_SIGN_UPS_FROM_A_PLACE = 20


@strawberry.input(
    description="A person, and either a master account of its own or the invitation that it comes with."
)
class SignUpInput:
    name: str = strawberry.field(description="The person's name: 1 to 200 characters.")
    email: str = strawberry.field(description="The e-mail address.")
    password: str = strawberry.field(description="10 to 1,000 characters.")
    account_name: str | None = strawberry.field(
        default=None, description="The name of the master account to make."
    )
    invitation_token: str | None = strawberry.field(
        default=None, description="The secret of an invitation's link, which is accepted at once."
    )
    currency: Currency = strawberry.field(
        default=Currency.EUR,
        description="Of all amounts in the master account and below it; it is never changed.",
    )


@strawberry.input(description="Who signs in.")
class SignInInput:
    email: str = strawberry.field(description="The e-mail address.")
    password: str = strawberry.field(description="The password.")


@strawberry.input(description="The password to replace, and the new one.")
class PasswordChangeInput:
    current_password: str = strawberry.field(description="The password that holds now.")
    new_password: str = strawberry.field(description="10 to 1,000 characters.")


@entity(None, carries={"user_id": Uuid(), "account_id": Uuid(), "api_key_id": Uuid()})
class SignUpPayload:
    """A person who signed up and is signed in. Send the token to read the other fields again later."""

    token: str | None = strawberry.field(default=None, description="Send as `Authorization: Bearer ...`.")
    expires_at: datetime.datetime | None = strawberry.field(default=None, description="The token's end.")
    secret: str | None = strawberry.field(
        default=None, description="The secret of the account's first API key, told this once (R2)."
    )
    user: User | None = to_one(users.of_result)
    account: Account | None = to_one(accounts.of_result)
    api_key: ApiKey | None = to_one(api_keys.of_result, description="The account's first API key.")
    user_errors: list[UserError] = user_errors()
    authz_revision: str | None = authz_revision()


@entity(None, carries={"user_id": Uuid()})
class SignInPayload:
    """A session."""

    token: str | None = strawberry.field(default=None, description="Send as `Authorization: Bearer ...`.")
    expires_at: datetime.datetime | None = strawberry.field(default=None, description="The token's end.")
    user: User | None = to_one(users.of_result)
    user_errors: list[UserError] = user_errors()
    authz_revision: str | None = authz_revision()


@entity(None, carries={"user_id": Uuid()})
class PersonPayload:
    """The person who asked."""

    user: User | None = to_one(users.of_result)
    user_errors: list[UserError] = user_errors()
    authz_revision: str | None = authz_revision()


@strawberry.type
class SessionMutation:
    @strawberry.mutation(
        directives=ANYBODY,
        description="Make a person with a master account and its first API key, or accept an invitation.",
    )
    async def sign_up(self, info: ContextInfo, input: SignUpInput) -> SignUpPayload:
        async def write(session: WriteSession) -> SignUpPayload:
            command = sign_up_writes.SignUp(
                input.name,
                input.email,
                input.password,
                input.account_name,
                input.invitation_token,
                input.currency,
                info.context.reason,
            )
            done = await sign_up_writes.sign_up(session, command)
            return payload(
                SignUpPayload,
                user_id=done.signed_in.user_id,
                account_id=done.account_id,
                api_key_id=done.api_key_id,
                token=done.signed_in.token,
                expires_at=done.signed_in.expires_at,
                secret=done.secret,
            )

        place = Limit(f"sign-up from {info.context.client_address}", _SIGN_UPS_FROM_A_PLACE, _WINDOW)
        limits = [place, *_attempts(input.email)]
        return await perform(info, SignUpPayload, write, limits, _as_signed_up)

    @strawberry.mutation(
        directives=ANYBODY, description="Open a session with an e-mail address and a password."
    )
    async def sign_in(self, info: ContextInfo, input: SignInInput) -> SignInPayload:
        async def write(session: WriteSession) -> SignInPayload:
            done = await writes.sign_in(session, input.email, input.password)
            return payload(SignInPayload, user_id=done.user_id, token=done.token, expires_at=done.expires_at)

        place = Limit(f"sign-in from {info.context.client_address}", _SIGN_INS_FROM_A_PLACE, _WINDOW)
        return await perform(info, SignInPayload, write, [place, *_attempts(input.email)])

    @strawberry.mutation(directives=OPEN, description="End the session that asks.")
    async def sign_out(self, info: ContextInfo) -> PersonPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> PersonPayload:
            await writes.sign_out(session, principal)
            return payload(PersonPayload, user_id=principal.user_id)

        return await perform(info, PersonPayload, write)

    @strawberry.mutation(
        directives=OPEN, description="Change your own password; all your other sessions end."
    )
    async def password_change(self, info: ContextInfo, input: PasswordChangeInput) -> PersonPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> PersonPayload:
            user_id = await writes.change_password(
                session, principal, input.current_password, input.new_password
            )
            return payload(PersonPayload, user_id=user_id)

        limit = Limit(f"password of {principal.id}", _SIGN_INS_OF_AN_ADDRESS, _WINDOW)
        return await perform(info, PersonPayload, write, [limit])


def _as_signed_up(done: SignUpPayload) -> Credentials:
    return Credentials(digest_of(done.token or ""))


def _attempts(email: str) -> list[Limit]:
    """Counted for the address, however it is spelled; what is none is refused anyway."""
    try:
        canonical = email_address(email).canonical
    except Refusal:
        return []
    return [Limit(f"sign-in {canonical}", _SIGN_INS_OF_AN_ADDRESS, _WINDOW)]
