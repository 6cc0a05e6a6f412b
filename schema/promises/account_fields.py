"""What an account has promised."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.promises import reads
from schema.promises.types import AccessPromise


@strawberry.type
class AccountFields:
    access_promises: Connection[AccessPromise] | None = connection(
        reads.of_account, order=reads.BY_ID, requires=Permission.MEMBERS_READ
    )
