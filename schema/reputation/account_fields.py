"""What of an account sends."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.reputation import reads
from schema.reputation.types import SendingSource


@strawberry.type
class AccountFields:
    sending_sources: Connection[SendingSource] | None = connection(
        reads.of_account, order=reads.BY_KEY, requires=Permission.STATISTICS_READ
    )
