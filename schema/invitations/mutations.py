"""What changes invitations, and what the holder of a link may know."""

import datetime
from typing import Annotated

import strawberry
from sqlalchemy import Uuid

from authz.callers.tokens import TokenKind, digest
from authz.policy.permissions import Permission, permissions_in
from authz.wall.row_security import entering_by_link
from engine.base.marks import Public
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, InvitationId, Kind
from resolvers.inputs.global_ids import required
from resolvers.invitations import invite as writes
from resolvers.invitations import reads as invitations
from resolvers.invitations.accept import accept_invitation
from resolvers.invitations.reads import invitation_preview
from resolvers.shares.decline_offer import decline_invitation
from schema.fields.access_changes import AccessChange, access_changes, dry_run, more_access_changes
from schema.fields.context import ContextInfo, principal_of
from schema.fields.links import invitation_link
from schema.fields.user_errors import UserError
from schema.fields.writes import ANYBODY, OPEN, authz_revision, needs, payload, perform, user_errors
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
class InvitationPayload:
    """An invitation that was made or withdrawn."""

    invitation: Invitation | None = to_one(invitations.of_result)
    replayed: bool = strawberry.field(
        default=False, description="It was made by an earlier request under the same key."
    )
    access_changes: list[AccessChange] | None = access_changes()
    more_access_changes: bool = more_access_changes()
    user_errors: list[UserError] = user_errors()
    authz_revision: str | None = authz_revision()


@strawberry.type(
    description="What the holder of an invitation's link may know before accepting.", directives=[Public()]
)
class InvitationPreview:
    account_name: str = strawberry.field(description="Where it leads to.")
    inviter_name: str | None = strawberry.field(description="Who invites; null: a program.")
    role_name: str = strawberry.field(description="The role that is offered.")
    role_description: str = strawberry.field(description="What the role is for.")
    permissions: list[Permission] = strawberry.field(description="What the role gives in the account.")
    email: str = strawberry.field(description="For whom it was made.")
    expires_at: datetime.datetime = strawberry.field(description="Until when it can be accepted.")


@strawberry.type
class InvitationQuery:
    @strawberry.field(
        directives=ANYBODY, description="What an invitation's link offers; null where it offers nothing."
    )
    async def invitation(
        self,
        info: ContextInfo,
        token: Annotated[str, strawberry.argument(description="The secret of the link.")],
    ) -> InvitationPreview | None:
        reader, link = info.context.reader, digest(token, TokenKind.INVITATION)
        await reader.rows(entering_by_link(info.context.credentials, link))
        rows = await reader.rows(invitation_preview(token))
        if not rows:
            return None
        permissions = list(permissions_in(rows[0].pop("role_mask")))
        return InvitationPreview(**rows[0], permissions=permissions)


@entity(None, carries={})
class DeclinePayload:
    """An offer that was answered with no."""

    declined: bool = strawberry.field(default=False, description="Whether it was declined by this.")
    user_errors: list[UserError] = user_errors()
    authz_revision: str | None = authz_revision()


@strawberry.type
class InvitationMutation:
    @strawberry.mutation(
        directives=needs(Permission.MEMBERS_WRITE),
        description="Invite somebody by e-mail, in the place of an earlier open invitation of the address. "
        "You must hold all that the role gives.",
    )
    async def member_invite(self, info: ContextInfo, input: MemberInviteInput) -> InvitationPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> InvitationPayload:
            command = writes.MemberInvitation(
                AccountId(required(Kind.ACCOUNT, input.account_id, "accountId")),
                input.email,
                required(Kind.ROLE, input.role_id, "roleId"),
                input.expires_at,
                input.idempotency_key,
                invitation_link(info),
            )
            made = await writes.invite_member(session, principal, command)
            return payload(InvitationPayload, invitation_id=made.invitation_id, replayed=made.replayed)

        return await perform(info, InvitationPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.MEMBERS_WRITE), description="Withdraw an invitation that is still open."
    )
    async def invitation_revoke(self, info: ContextInfo, input: InvitationRevokeInput) -> InvitationPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> InvitationPayload:
            invitation_id = InvitationId(required(Kind.INVITATION, input.invitation_id, "invitationId"))
            done = await writes.revoke_invitation(session, principal, invitation_id)
            return payload(InvitationPayload, invitation_id=done.invitation_id, replayed=done.replayed)

        return await perform(info, InvitationPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=OPEN,
        description="Accept an invitation as the signed-in person that it was made for.",
    )
    async def invitation_accept(self, info: ContextInfo, input: InvitationAcceptInput) -> MemberPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> MemberPayload:
            done = await accept_invitation(session, principal, input.token)
            return payload(MemberPayload, membership_id=done.membership_id)

        return await perform(info, MemberPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=ANYBODY,
        description="Answer an invitation with no. For whoever holds the link; nobody has to be signed in.",
    )
    async def invitation_decline(self, info: ContextInfo, input: DeclineInput) -> DeclinePayload:
        async def write(session: WriteSession) -> DeclinePayload:
            await decline_invitation(session, input.token)
            return payload(DeclinePayload, declined=True)

        return await perform(info, DeclinePayload, write)
