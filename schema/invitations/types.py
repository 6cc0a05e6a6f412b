"""Invitations."""

import datetime

import strawberry

from authz.offers.acceptance import OfferLapse
from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id, mask_of
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.base.ids import Kind
from models.invitations.tables import invitations
from resolvers.invitations import reads
from resolvers.invitations.received import RECEIVED, permissions_of
from resolvers.promises import doomed
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User
from schema.promises.types import AccessPromise
from schema.roles.types import Role


@entity(None, carries=RECEIVED)
class ReceivedInvitation:
    """A role in an account that was offered to your address. You are no member until you accept it."""

    id: strawberry.ID = column(
        codec=global_id(Kind.INVITATION), description="The id for `invitationAccept` and `invitationDecline`."
    )
    account_name: str = column(description="The name of the account.")
    inviter_name: str | None = column(description="The name of the person who invites; null for an API key.")
    role_name: str = column(description="The offered role.")
    role_description: str = column(description="The purpose of the role.")
    permissions: list[Permission] = computed(permissions_of, codec=mask_of(Permission))
    created_at: datetime.datetime = column(description="When it was created.")
    expires_at: datetime.datetime = column(description="Until when it can be accepted.")
    member_expires_at: datetime.datetime | None = column(
        description="When the resulting membership will expire; null if it will not."
    )


@entity(invitations, requires=Permission.MEMBERS_READ)
class Invitation(Node):
    """A role in an account, offered to an e-mail address. It gives no rights until the person with that
    address accepts it."""

    id: strawberry.ID = column(codec=global_id(Kind.INVITATION), description=ID_DESCRIPTION)
    email: str = column(description="The invited address, as the sender wrote it.")
    role: Role = to_one(reads.role_of)
    status: reads.InvitationStatus = computed(reads.status_of, codec=enum_of(reads.InvitationStatus))
    lapse: OfferLapse | None = computed(reads.lapse_of, codec=enum_of(OfferLapse))
    broken_promises: list[AccessPromise] = to_many(doomed.of_invitation, most=doomed.MOST_SHOWN)
    invited_by: User | None = to_one(reads.inviter_of)
    account: AccountRef | None = to_one(reads.account_of)
    created_at: datetime.datetime = column(description="When it was created.")
    expires_at: datetime.datetime = column(description="Until when it can be accepted.")
    accepted_at: datetime.datetime | None = column(description="When it was accepted.")
    revoked_at: datetime.datetime | None = column(
        description="When it was revoked or replaced by a newer one."
    )
    member_expires_at: datetime.datetime | None = column(
        description="When the resulting membership will expire; null if it will not."
    )
