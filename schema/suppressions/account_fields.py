"""An account's unsubscribes and bounces."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.suppressions import reads
from schema.fields.far import OF_ACCOUNT
from schema.suppressions.types import Bounce, Unsubscribe


@strawberry.type
class AccountFields:
    unsubscribes: Connection[Unsubscribe] | None = connection(
        reads.unsubscribes_of, order=reads.UNSUBSCRIBES, requires=Permission.CONTACTS_READ, far=OF_ACCOUNT
    )
    bounces: Connection[Bounce] | None = connection(
        reads.bounces_of, order=reads.BOUNCES, requires=Permission.CONTACTS_READ, far=OF_ACCOUNT
    )
