"""Mutations that open a session by a second factor, or by a passkey alone."""

from collections.abc import Sequence

import strawberry

from engine.declare.declarations import entity
from engine.writes.sessions import WriteSession
from models.second_factor.tables import ChallengePurpose
from resolvers.effects.attempts import Limit
from resolvers.people.sign_in import SignedIn
from resolvers.people.sign_in_limits import link_limits
from resolvers.second_factor import sign_in as writes
from resolvers.second_factor.challenges import add_challenge, person_of_challenge
from resolvers.second_factor.code_limits import code_limits, start_limits
from resolvers.second_factor.passkeys import request_options
from schema.fields.context import ContextInfo
from schema.fields.marks import ANYBODY
from schema.fields.payloads import Payload, payload
from schema.fields.writes import perform
from schema.people.mutations import SignInPayload

_ANSWER = "What the browser's `navigator.credentials.get` returned, as the JSON text of its `toJSON()`."


@strawberry.input(description="The challenge of a sign-in, and either a code or a passkey's answer.")
class SignInConfirmInput:
    challenge_token: str = strawberry.field(description="From `SignInPayload.challengeToken`.")
    code: str | None = strawberry.field(
        default=None, description="The six digits that your authenticator app shows, or a recovery code."
    )
    passkey: str | None = strawberry.field(default=None, description=_ANSWER)
    device_token: str | None = strawberry.field(
        default=None, description="The secret that an earlier sign-in gave this device."
    )


@strawberry.input(description="The challenge of `passkeySignInStart`, and the passkey's answer.")
class PasskeySignInInput:
    challenge_token: str = strawberry.field(description="From `passkeySignInStart`.")
    passkey: str = strawberry.field(description=_ANSWER)
    device_token: str | None = strawberry.field(
        default=None, description="The secret that an earlier sign-in gave this device."
    )


@entity(None, carries={})
class PasskeySignInStartPayload(Payload):
    """What a browser needs to sign in with a passkey. It is valid for ten minutes."""

    challenge_token: str | None = strawberry.field(
        default=None, description="Send it with the answer to `passkeySignIn`."
    )
    passkey_options: str | None = strawberry.field(
        default=None,
        description="What `PublicKeyCredential.parseRequestOptionsFromJSON` takes, as JSON text.",
    )


@strawberry.type
class FactorSignInMutation:
    @strawberry.mutation(
        directives=ANYBODY,
        description="Finish a sign-in with your second factor. After ten wrong codes within ten minutes all "
        "are "
        "refused for a while; a code of the app is accepted once, and for half a minute after the next one "
        "is "
        "shown.",
    )
    async def sign_in_confirm(self, info: ContextInfo, input: SignInConfirmInput) -> SignInPayload:
        context, answer = (
            info.context,
            writes.Answer(
                challenge_token=input.challenge_token,
                code=input.code,
                passkey=input.passkey,
                device_token=input.device_token,
            ),
        )

        async def write(session: WriteSession) -> SignInPayload:
            done = await writes.confirm_sign_in(
                session, answer, context.client, context.passkey_site, context.deployment.keyring
            )
            return signed_in(done)

        return await perform(info, SignInPayload, write, await _limits(info, answer))

    @strawberry.mutation(
        directives=ANYBODY, description="Begin to sign in with a passkey alone, without a password."
    )
    async def passkey_sign_in_start(self, info: ContextInfo) -> PasskeySignInStartPayload:
        site = info.context.passkey_site

        async def write(session: WriteSession) -> PasskeySignInStartPayload:
            challenge = await add_challenge(session, ChallengePurpose.PASSKEY_SIGN_IN)
            options = await request_options(session, site, challenge.nonce, None)
            return payload(
                PasskeySignInStartPayload, challenge_token=challenge.token, passkey_options=options
            )

        return await perform(
            info, PasskeySignInStartPayload, write, start_limits(info.context.client_address)
        )

    @strawberry.mutation(
        directives=ANYBODY,
        description="Open a session with a passkey alone. The passkey has to check that it is you, by a "
        "finger, a "
        "face or a PIN, so that the session has proved two factors.",
    )
    async def passkey_sign_in(self, info: ContextInfo, input: PasskeySignInInput) -> SignInPayload:
        context = info.context
        answer = writes.Answer(
            challenge_token=input.challenge_token, passkey=input.passkey, device_token=input.device_token
        )

        async def write(session: WriteSession) -> SignInPayload:
            done = await writes.sign_in_with_passkey(session, answer, context.client, context.passkey_site)
            return signed_in(done)

        return await perform(info, SignInPayload, write, link_limits(context.client_address))


async def _limits(info: ContextInfo, answer: writes.Answer) -> Sequence[Limit]:
    """A passkey cannot be guessed. A challenge that is over has no person."""
    by_place = link_limits(info.context.client_address)
    if answer.passkey is not None:
        return by_place
    user_id = await person_of_challenge(info.context.sessions, answer.challenge_token)
    return by_place if user_id is None else [*by_place, *code_limits(user_id)]


def signed_in(done: SignedIn) -> SignInPayload:
    """The payload of a session that was opened."""
    return payload(
        SignInPayload,
        user_id=done.user_id,
        token=done.token,
        expires_at=done.expires_at,
        device_token=done.device_token,
    )
