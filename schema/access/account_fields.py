"""Who has access to an account."""

import datetime

import strawberry

from engine.declare.connections import Connection
from engine.declare.declarations import computed, connection, to_one
from resolvers.access import matrix as access
from resolvers.access import past
from schema.access.types import AccessEntry, PastAccess


@strawberry.type
class AccountFields:
    access_matrix: Connection[AccessEntry] = connection(access.of_account, order=access.BY_SUBJECT)
    access_at: PastAccess | None = to_one(past.at, absent="UNKNOWN_MOMENT")
    access_known_since: datetime.datetime = computed(past.known_since_of)
