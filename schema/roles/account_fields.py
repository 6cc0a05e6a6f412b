"""An account's roles."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.roles import reads as roles
from schema.roles.types import Role


@strawberry.type
class AccountFields:
    roles: Connection[Role] | None = connection(
        roles.of_account, order=roles.BY_NAME, requires=Permission.ROLES_READ
    )
