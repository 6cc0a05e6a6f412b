"""Proving to have the mailbox of an address, and a password that was lost."""

import strawberry

from authz.callers.principals import Principal
from engine.declare.declarations import entity
from engine.writes.sessions import WriteSession
from resolvers.people import mailbox
from resolvers.people.hashing import HashingTurn
from resolvers.people.passwords import PASSWORD_RULE
from resolvers.people.proved_passwords import ProvedPassword
from resolvers.people.sign_in_limits import link_limits, verification_limits
from schema.fields.context import Context, ContextInfo
from schema.fields.marks import ANYBODY, OPEN
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.writes import perform
from schema.people.mutations import OF_THE_DEVICE, PersonPayload
from schema.people.password_steps import fixed, perform_with_password


@strawberry.input(description="A link that was mailed to the address, and who opens it.")
class EmailVerifyInput:
    token: str = strawberry.field(description="The secret behind the link's `#`.")
    password: str | None = strawberry.field(
        default=None, description="Your password; not needed while you are signed in."
    )


@strawberry.input(description="Whose password is lost.")
class PasswordResetRequestInput:
    email: str = strawberry.field(description="The e-mail address.")


@strawberry.input(description="A link that was mailed to the address, and the new password.")
class PasswordResetInput:
    token: str = strawberry.field(description="The secret behind the link's `#`.")
    new_password: str = strawberry.field(description=PASSWORD_RULE)


@entity(None, carries={})
class PasswordResetRequestPayload(Payload):
    """The same for every address: whether anybody is registered with it is told by e-mail alone."""


@entity(None, carries={})
class PasswordResetPayload(Payload):
    """A new password; sign in with it."""

    device_token: str | None = strawberry.field(default=None, description=OF_THE_DEVICE)


@strawberry.type
class MailboxMutation:
    @strawberry.mutation(
        directives=ANYBODY,
        description="Verify your e-mail address by the link that was mailed to it, signed in or with your "
        "password: a link that somebody else opens proves nothing about you.",
    )
    async def email_verify(self, info: ContextInfo, input: EmailVerifyInput) -> PersonPayload:
        password = input.password
        limits = verification_limits(token=input.token, client_address=info.context.client_address)

        async def write(session: WriteSession, proved: ProvedPassword | None = None) -> PersonPayload:
            user_id = await mailbox.verify_email(session, info.context.principal, input.token, proved)
            return payload(PersonPayload, user_id=user_id)

        if password is None:
            return await perform(info, PersonPayload, write, limits)

        async def check(turn: HashingTurn) -> ProvedPassword:
            return await mailbox.prove_password_of_link(
                info.context.sessions, turn, token=input.token, password=password
            )

        return await perform_with_password(info, PersonPayload, fixed(limits), check, write)

    @mutation(OPEN)
    async def email_verification_request(
        self, session: WriteSession, principal: Principal, context: Context
    ) -> PersonPayload:
        """Mail the link that verifies your e-mail address again; nothing where it was verified."""
        user_id = await mailbox.request_verification(session, principal, context.verification_page)
        return payload(PersonPayload, user_id=user_id)

    @mutation(ANYBODY)
    async def password_reset_request(
        self, session: WriteSession, context: Context, input: PasswordResetRequestInput
    ) -> PasswordResetRequestPayload:
        """Mail a link that sets a new password, if anybody is registered with the address. The answer is the
        same where nobody is."""
        command = mailbox.PasswordResetRequest(
            email=input.email, client_address=context.client_address, page=context.password_page
        )
        await mailbox.request_password_reset(session, command)
        return payload(PasswordResetRequestPayload)

    @strawberry.mutation(
        directives=ANYBODY,
        description="Set a new password by the link that was mailed, which works once and for an hour. That "
        "ends all your sessions, forgets the devices that you were known by, and verifies your e-mail "
        "address: send the new `deviceToken` from now on. Where it was never verified, the API "
        "keys of the account that was made with it are revoked too, since somebody else may have made them.",
    )
    async def password_reset(self, info: ContextInfo, input: PasswordResetInput) -> PasswordResetPayload:
        async def check(turn: HashingTurn) -> str:
            return await mailbox.hash_for_reset(
                info.context.sessions, turn, token=input.token, password=input.new_password
            )

        async def write(session: WriteSession, new_hash: str) -> PasswordResetPayload:
            device_token = await mailbox.reset_password(session, token=input.token, new_hash=new_hash)
            return payload(PasswordResetPayload, device_token=device_token)

        limits = fixed(link_limits(info.context.client_address))
        return await perform_with_password(info, PasswordResetPayload, limits, check, write)
