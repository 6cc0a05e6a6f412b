"""An account's contacts."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.contacts import reads
from schema.contacts.types import Contact


@strawberry.type
class AccountFields:
    contacts: Connection[Contact] | None = connection(
        reads.of_account, order=reads.NEWEST_FIRST, requires=Permission.CONTACTS_READ, far=True
    )
