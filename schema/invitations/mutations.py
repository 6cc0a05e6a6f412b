"""Mutations that create, accept, decline and revoke invitations."""

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
from resolvers.invitations.received import NamedInvitation
from resolvers.shares.decline_offer import decline_invitation
from schema.fields.context import Context
from schema.fields.dry_runs import dry_run
from schema.fields.idempotency import idempotency_key, replayed
from schema.fields.ids import account_id, role_id
from schema.fields.marks import ANYBODY, OPEN, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, Payload, payload
from schema.invitations.types import Invitation
from schema.members.mutations import MemberPayload


@strawberry.input(description="An invitation to a role in an account.")
class MemberInviteInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    email: str = strawberry.field(description="The e-mail address.")
    role_id: strawberry.ID = strawberry.field(description="A role from `Account.roles`.")
    expires_at: datetime.datetime | None = strawberry.field(
        default=None, description="When the membership will expire. Left out, it does not expire."
    )
    idempotency_key: str = idempotency_key("it sends nothing more")
    dry_run: bool = dry_run()


@strawberry.input(description="The invitation to revoke.")
class InvitationRevokeInput:
    invitation_id: strawberry.ID = strawberry.field(description="The invitation.")
    dry_run: bool = dry_run()


@strawberry.input(description="The link whose offer is declined.")
class DeclineInput:
    token: str = strawberry.field(description="The secret after the `#` of the link.")


@strawberry.input
class _Named:
    """An invitation by its link or its id."""

    token: str | None = strawberry.field(
        default=None, description="The secret after the `#` of the link. Give it or `invitationId`."
    )
    invitation_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The invitation, from `viewer.invitations`. Your address must be the invited one, and "
        "verified.",
    )


@strawberry.input(description="An invitation to accept, by its link or its id.")
class InvitationAcceptInput(_Named):
    dry_run: bool = dry_run()


@strawberry.input(description="An invitation to decline, by its link or its id.")
class InvitationDeclineInput(_Named):
    pass


@entity(None, carries={"invitation_id": Uuid()})
class InvitationPayload(AccessPayload):
    """The invitation that was sent or revoked."""

    invitation: Invitation | None = to_one(invitations.of_result)
    replayed: bool = replayed()


@entity(None, carries={})
class DeclinePayload(Payload):
    """The result of declining an offer."""

    declined: bool = strawberry.field(default=False, description="Whether this request declined it.")


@strawberry.type
class InvitationMutation:
    @mutation(needs(Permission.MEMBERS_WRITE))
    async def member_invite(
        self, session: WriteSession, principal: Principal, context: Context, input: MemberInviteInput
    ) -> InvitationPayload:
        """Invite somebody by e-mail. The invitation replaces an earlier open one for the same address. You
        must have every permission that the role gives."""
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
        """Revoke an open invitation."""
        invitation_id = InvitationId(required(Kind.INVITATION, input.invitation_id, "invitationId"))
        done = await writes.revoke_invitation(session, principal, invitation_id)
        return payload(InvitationPayload, invitation_id=done.invitation_id, replayed=done.replayed)

    @mutation(OPEN)
    async def invitation_accept(
        self, session: WriteSession, principal: Principal, input: InvitationAcceptInput
    ) -> MemberPayload:
        """Accept an invitation. You must be signed in as the person with the invited address."""
        done = await accept_invitation(session, principal, _named(input))
        return payload(MemberPayload, membership_id=done.membership_id)

    @mutation(ANYBODY)
    async def invitation_decline(
        self, session: WriteSession, context: Context, input: InvitationDeclineInput
    ) -> DeclinePayload:
        """Decline an invitation. Everybody with the link can do it, without being signed in; the person who
        has verified the invited address also by its id."""
        await decline_invitation(session, context.credentials, _named(input))
        return payload(DeclinePayload, declined=True)


def _named(input: _Named) -> NamedInvitation:
    given = input.invitation_id
    found = None if given is None else InvitationId(required(Kind.INVITATION, given, "invitationId"))
    return NamedInvitation(token=input.token, invitation_id=found)
