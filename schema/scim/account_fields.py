"""An account's groups of the directory."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.scim import reads
from schema.scim.types import ScimGroup


@strawberry.type
class AccountFields:
    scim_groups: Connection[ScimGroup] | None = connection(
        reads.of_account, order=reads.BY_ID, requires=Permission.MEMBERS_READ
    )
