"""An account's domains."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.domains import reads
from schema.domains.types import Domain


@strawberry.type
class AccountFields:
    domains: Connection[Domain] | None = connection(
        reads.of_account, order=reads.BY_ID, requires=Permission.DOMAINS_READ
    )
