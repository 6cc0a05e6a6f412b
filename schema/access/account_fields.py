"""Who has access to an account."""

import strawberry

from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.access import matrix as access
from schema.access.types import AccessEntry


@strawberry.type
class AccountFields:
    access_matrix: Connection[AccessEntry] = connection(access.of_account, order=access.BY_SUBJECT)
