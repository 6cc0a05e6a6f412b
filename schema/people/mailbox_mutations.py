"""Mutations that need a mail: verifying or changing an address, and replacing a lost password."""

import strawberry

from authz.callers.principals import Principal
from engine.declare.declarations import entity
from engine.writes.sessions import WriteSession
from resolvers.people import mailbox
from resolvers.people.email_change import EmailChange, request_email_change
from resolvers.people.links import link_digest
from resolvers.people.passwords import resets
from resolvers.people.passwords.hashing import HashingTurn
from resolvers.people.passwords.new_passwords import PASSWORD_RULE
from resolvers.people.passwords.proved_passwords import ProvedPassword, prove_own_password
from resolvers.people.sign_in_limits import link_limits, own_password_limits, verification_limits
from schema.fields.context import Context, ContextInfo, principal_of
from schema.fields.marks import ANYBODY, OPEN
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.writes import perform
from schema.people.mutations import OF_THE_DEVICE, PersonPayload
from schema.people.password_steps import fixed, perform_with_password


@strawberry.input(
    description="Either the link or the code from the verification mail. For the link, also the password of "
    "the person who opens it."
)
class EmailVerifyInput:
    token: str | None = strawberry.field(default=None, description="The secret after the `#` of the link.")
    code: str | None = strawberry.field(
        default=None,
        description="The six digits, in a session of the person who signed up or asked for the change. Ten "
        "wrong ones in a day are refused.",
    )
    password: str | None = strawberry.field(
        default=None, description="Your password, with `token`. Not needed if you are signed in."
    )


@strawberry.input(description="Your new address.")
class EmailChangeInput:
    email: str = strawberry.field(description="The new e-mail address.")
    password: str = strawberry.field(description="Your password.")


@strawberry.input(description="The person whose password is lost.")
class PasswordResetRequestInput:
    email: str = strawberry.field(description="The e-mail address.")


@strawberry.input(description="The link that was mailed, and the new password.")
class PasswordResetInput:
    token: str = strawberry.field(description="The secret after the `#` of the link.")
    new_password: str = strawberry.field(description=PASSWORD_RULE)


@entity(None, carries={})
class PasswordResetRequestPayload(Payload):
    """The same answer for every address: only the mail shows whether somebody is registered with it."""


@entity(None, carries={})
class PasswordResetPayload(Payload):
    """The result of setting a new password. Sign in with it."""

    device_token: str | None = strawberry.field(default=None, description=OF_THE_DEVICE)


@strawberry.type
class MailboxMutation:
    @strawberry.mutation(
        directives=ANYBODY,
        description="Verify your e-mail address, or the new one after `emailChange`, with the link or the "
        "code that was mailed to it. You must be signed in or give your password with the link, because the "
        "link alone does not prove who opened it. LINK_NOT_VALID if it was used, has expired, or if "
        "somebody else has verified the address.",
    )
    async def email_verify(self, info: ContextInfo, input: EmailVerifyInput) -> PersonPayload:
        token, code, password = input.token, input.code, input.password
        context, principal = info.context, info.context.principal
        limits = verification_limits(token, None if principal is None else principal.user_id)
        limits += link_limits(context.client_address)

        async def write(session: WriteSession, proved: ProvedPassword | None = None) -> PersonPayload:
            link = await mailbox.link_of(session, principal, token, code)
            user_id = await mailbox.verify_email(session, principal, link, context.mailbox_pages, proved)
            return payload(PersonPayload, user_id=user_id)

        if password is None or token is None:
            return await perform(info, PersonPayload, write, limits)

        async def check(turn: HashingTurn) -> ProvedPassword:
            return await mailbox.prove_password_of_link(
                context.sessions, turn, link=link_digest(token), password=password
            )

        return await perform_with_password(info, PersonPayload, fixed(limits), check, write)

    @strawberry.mutation(
        directives=OPEN,
        description="Change your e-mail address. A link and a code are mailed to the new one: `emailVerify` "
        "with one of them within a day changes it. Then the old address gets a mail, and its link brings it "
        "back for 72 hours, with a new password. If somebody else has the new address, the answer is the "
        "same, and that person receives a mail instead.",
    )
    async def email_change(self, info: ContextInfo, input: EmailChangeInput) -> PersonPayload:
        principal, context = principal_of(info), info.context

        async def check(turn: HashingTurn) -> ProvedPassword:
            return await prove_own_password(context.sessions, turn, principal, input.password, "password")

        async def write(session: WriteSession, proved: ProvedPassword) -> PersonPayload:
            command = EmailChange(email=input.email, pages=context.mailbox_pages)
            return payload(PersonPayload, user_id=await request_email_change(session, proved, command))

        limits = fixed(own_password_limits(principal))
        return await perform_with_password(info, PersonPayload, limits, check, write)

    @mutation(OPEN)
    async def email_verification_request(
        self, session: WriteSession, principal: Principal, context: Context
    ) -> PersonPayload:
        """Mail the verification link again. Does nothing if the address is verified."""
        user_id = await mailbox.request_verification(session, principal, context.mailbox_pages)
        return payload(PersonPayload, user_id=user_id)

    @mutation(ANYBODY)
    async def password_reset_request(
        self, session: WriteSession, context: Context, input: PasswordResetRequestInput
    ) -> PasswordResetRequestPayload:
        """Mail a link that sets a new password, if somebody is registered with the address. The answer is the
        same if nobody is."""
        command = resets.PasswordResetRequest(
            email=input.email, client_address=context.client_address, page=context.mailbox_pages.password
        )
        await resets.request_password_reset(session, command)
        return payload(PasswordResetRequestPayload)

    @strawberry.mutation(
        directives=ANYBODY,
        description="Set a new password with the mailed link, which works once and for 30 minutes, unless "
        "the password was changed meanwhile. Until you set it the old password works. All your sessions end, "
        "all known devices are forgotten, and your e-mail address is verified: send the new `deviceToken` "
        "from now on. A mail tells you of it. If the address was never verified before, the API keys of the "
        "account created with it are revoked, because somebody else may have created them. A link that leads "
        "back to an earlier address also removes the second factors and recovery codes that were set up "
        "since 24 hours before the change, and revokes the API keys that you have made or rotated since "
        "then.",
    )
    async def password_reset(self, info: ContextInfo, input: PasswordResetInput) -> PasswordResetPayload:
        async def check(turn: HashingTurn) -> str:
            return await resets.hash_for_reset(
                info.context.sessions, turn, token=input.token, password=input.new_password
            )

        async def write(session: WriteSession, new_hash: str) -> PasswordResetPayload:
            device_token = await resets.reset_password(
                session, token=input.token, new_hash=new_hash, client=info.context.client
            )
            return payload(PasswordResetPayload, device_token=device_token)

        limits = fixed(link_limits(info.context.client_address))
        return await perform_with_password(info, PasswordResetPayload, limits, check, write)
