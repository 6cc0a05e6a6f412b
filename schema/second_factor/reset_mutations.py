"""Mutations by which somebody who has lost all second factors gets rid of them."""

import strawberry

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity
from engine.writes.sessions import WriteSession
from resolvers.members.change import membership_id_of
from resolvers.people.sign_in_limits import link_limits
from resolvers.second_factor import resets
from schema.fields.context import ContextInfo
from schema.fields.marks import ANYBODY, OPEN, STAFF_ONLY, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.writes import perform


@strawberry.input(description="The challenge of a sign-in that you cannot answer.")
class SecondFactorResetRequestInput:
    challenge_token: str = strawberry.field(description="From `SignInPayload.challengeToken`.")


@strawberry.input(description="The member who asked for a reset.")
class SecondFactorResetApproveInput:
    member_id: strawberry.ID = strawberry.field(description="The member.")


@strawberry.input(description="The person who asked for a reset.")
class SecondFactorStaffResetInput:
    email: str = strawberry.field(description="The person's e-mail address.")


@entity(None, carries={})
class SecondFactorResetPayload(Payload):
    """A reset of second factors."""

    done: bool = strawberry.field(
        default=False, description="Whether the second factors are reset now; if not, something is missing."
    )


@strawberry.type
class FactorResetMutation:
    @strawberry.mutation(
        directives=ANYBODY,
        description="Ask for a reset of your second factors, after `signIn` with the right password. Then "
        "an owner of "
        "an account that you are in consents with `secondFactorResetApprove`, or platform support does it.",
    )
    async def second_factor_reset_request(
        self, info: ContextInfo, input: SecondFactorResetRequestInput
    ) -> SecondFactorResetPayload:
        async def write(session: WriteSession) -> SecondFactorResetPayload:
            await resets.request_reset(session, input.challenge_token)
            return payload(SecondFactorResetPayload)

        limits = link_limits(info.context.client_address)
        return await perform(info, SecondFactorResetPayload, write, limits)

    @mutation(needs(Permission.MEMBERS_WRITE))
    async def second_factor_reset_approve(
        self, session: WriteSession, principal: Principal, input: SecondFactorResetApproveInput
    ) -> SecondFactorResetPayload:
        """Consent, as an owner of the account or of one above it, to the reset of a member's second factors.
        It is done at the member's first sign-in after 24 hours, unless the member signs in with a factor
        before or withdraws it. CONFLICT while a reset of your own factors is under way."""
        await resets.approve_reset(session, principal, membership_id_of(input.member_id))
        return payload(SecondFactorResetPayload)

    @mutation(OPEN)
    async def second_factor_reset_withdraw(
        self, session: WriteSession, principal: Principal
    ) -> SecondFactorResetPayload:
        """Stop the reset of your own second factors."""
        await resets.withdraw_reset(session, principal)
        return payload(SecondFactorResetPayload)

    @mutation(STAFF_ONLY)
    async def second_factor_staff_reset(
        self, session: WriteSession, principal: Principal, input: SecondFactorStaffResetInput
    ) -> SecondFactorResetPayload:
        """Agree, as platform staff, to the reset that a person asked for. The second of two people does
        it."""
        done = await resets.reset_as_staff(session, principal, input.email)
        return payload(SecondFactorResetPayload, done=done)
