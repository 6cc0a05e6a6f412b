"""An account's campaigns."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.campaigns import reads
from schema.campaigns.types import Campaign


@strawberry.type
class AccountFields:
    campaigns: Connection[Campaign] | None = connection(
        reads.of_account, order=reads.NEWEST_FIRST, requires=Permission.CAMPAIGNS_READ
    )
