"""An account's API keys, and those that outlived their creators."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.api_keys import ghosts
from resolvers.api_keys import reads as api_keys
from schema.api_keys.types import ApiKey, Ghost


@strawberry.type
class AccountFields:
    api_keys: Connection[ApiKey] | None = connection(
        api_keys.of_account, order=api_keys.BY_ID, requires=Permission.API_KEYS_READ
    )
    ghosts: Connection[Ghost] | None = connection(
        ghosts.of_account, order=ghosts.BY_ID, requires=Permission.API_KEYS_READ
    )
