"""What an account has used."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection, to_one
from resolvers.usage import reads as usage_reads
from schema.usage.types import Usage


@strawberry.type
class AccountFields:
    usage: Usage | None = to_one(usage_reads.of_account, requires=Permission.STATISTICS_READ)
    usage_history: Connection[Usage] | None = connection(
        usage_reads.history_of, order=usage_reads.NEWEST_FIRST, requires=Permission.STATISTICS_READ
    )
