"""An account's webhooks."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.webhooks import reads
from schema.webhooks.types import Webhook


@strawberry.type
class AccountFields:
    webhooks: Connection[Webhook] | None = connection(
        reads.of_account, order=reads.BY_ID, requires=Permission.WEBHOOKS_READ
    )
