"""What changes invitations, and what the holder of a link may know."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import InvitationId, Kind
from resolvers.inputs.global_ids import required
from resolvers.invitations import invite as writes
from resolvers.invitations import reads as invitations
from resolvers.invitations.accept import accept_invitation
from resolvers.shares.decline_offer import decline_invitation
from schema.fields.context import Context
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id, role_id
from schema.fields.marks import ANYBODY, OPEN, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, Payload, payload, replayed
from schema.invitations.types import Invitation
from schema.members.mutations import MemberPayload


@strawberry.input(description="A role in an account, offered to an e-mail address.")
class MemberInviteInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    email: str = strawberry.field(description="The e-mail address.")
    role_id: strawberry.ID = strawberry.field(description="See `Account.roles`.")
    expires_at: datetime.datetime | None = strawberry.field(
        default=None, description="When the membership will end by itself; left out: never."
    )
    idempotency_key: str = strawberry.field(
        description="Your own, 1 to 200 characters. The same key again within 30 days sends nothing new."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="Which invitation to withdraw.")
class InvitationRevokeInput:
    invitation_id: strawberry.ID = strawberry.field(description="The invitation.")
    dry_run: bool = dry_run()


@strawberry.input(description="The secret of a link whose offer is declined.")
class DeclineInput:
    token: str = strawberry.field(description="The secret behind the link's `#`.")


@strawberry.input(description="The secret of an invitation's link.")
class InvitationAcceptInput:
    token: str = strawberry.field(description="The secret behind the link's `#`.")
    dry_run: bool = dry_run()


@entity(None, carries={"invitation_id": Uuid()})
class InvitationPayload(AccessPayload):
    """An invitation that was made or withdrawn."""

    invitation: Invitation | None = to_one(invitations.of_result)
    replayed: bool = replayed()


@entity(None, carries={})
class DeclinePayload(Payload):
    """An offer that was answered with no."""

    declined: bool = strawberry.field(default=False, description="Whether it was declined by this.")


@strawberry.type
class InvitationMutation:
    @mutation(needs(Permission.MEMBERS_WRITE))
    async def member_invite(
        self, session: WriteSession, principal: Principal, context: Context, input: MemberInviteInput
    ) -> InvitationPayload:
        """Invite somebody by e-mail, in the place of an earlier open invitation of the address. You must hold
        all that the role gives."""
        command = writes.MemberInvitation(
            account_id=account_id(input.account_id),
            email=input.email,
            role_id=role_id(input.role_id),
            member_expires_at=input.expires_at,
            idempotency_key=input.idempotency_key,
            link=context.offer_page,
        )
        made = await writes.invite_member(session, principal, command)
        return payload(InvitationPayload, invitation_id=made.invitation_id, replayed=made.replayed)

    @mutation(needs(Permission.MEMBERS_WRITE))
    async def invitation_revoke(
        self, session: WriteSession, principal: Principal, input: InvitationRevokeInput
    ) -> InvitationPayload:
        """Withdraw an invitation that is still open."""
        invitation_id = InvitationId(required(Kind.INVITATION, input.invitation_id, "invitationId"))
        done = await writes.revoke_invitation(session, principal, invitation_id)
        return payload(InvitationPayload, invitation_id=done.invitation_id, replayed=done.replayed)

    @mutation(OPEN)
    async def invitation_accept(
        self, session: WriteSession, principal: Principal, input: InvitationAcceptInput
    ) -> MemberPayload:
        """Accept an invitation as the signed-in person that it was made for."""
        done = await accept_invitation(session, principal, input.token)
        return payload(MemberPayload, membership_id=done.membership_id)

    @mutation(ANYBODY)
    async def invitation_decline(self, session: WriteSession, input: DeclineInput) -> DeclinePayload:
        """Answer an invitation with no. For whoever holds the link; nobody has to be signed in."""
        await decline_invitation(session, input.token)
        return payload(DeclinePayload, declined=True)
