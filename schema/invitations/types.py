"""Invitations."""

import datetime

import strawberry

from authz.offers.acceptance import OfferLapse
from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.base.ids import Kind
from models.invitations.tables import invitations
from resolvers.invitations import reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User
from schema.roles.types import Role


@entity(invitations, requires=Permission.MEMBERS_READ)
class Invitation(Node):
    """A role in an account, offered to an e-mail address. It gives no rights until the person with that
    address accepts it."""

    id: strawberry.ID = column(codec=global_id(Kind.INVITATION), description=ID_DESCRIPTION)
    email: str = column(description="The invited address, as the sender wrote it.")
    role: Role = to_one(reads.role_of)
    status: reads.InvitationStatus = computed(reads.status_of, codec=enum_of(reads.InvitationStatus))
    lapse: OfferLapse | None = computed(reads.lapse_of, codec=enum_of(OfferLapse))
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
