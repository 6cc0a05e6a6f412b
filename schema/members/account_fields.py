"""An account's members, and its ownership on offer."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection, to_one
from resolvers.members import ownership_offers
from resolvers.members import reads as members
from schema.members.types import Member, OwnershipOffer


@strawberry.type
class AccountFields:
    ownership_offer: OwnershipOffer | None = to_one(
        ownership_offers.of_account, requires=Permission.MEMBERS_READ
    )
    members: Connection[Member] | None = connection(
        members.of_account, order=members.BY_ID, requires=Permission.MEMBERS_READ
    )
