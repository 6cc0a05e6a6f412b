"""The shares that open an account."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.shares import reads as shares
from schema.shares.types import Share


@strawberry.type
class AccountFields:
    shares: Connection[Share] | None = connection(
        shares.of_account, order=shares.BY_ID, requires=Permission.MEMBERS_READ
    )
