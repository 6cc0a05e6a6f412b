"""An account's invitations."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.invitations import reads as invitations
from schema.invitations.types import Invitation


@strawberry.type
class AccountFields:
    invitations: Connection[Invitation] | None = connection(
        invitations.of_account, order=invitations.BY_ID, requires=Permission.MEMBERS_READ
    )
