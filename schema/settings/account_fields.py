"""An account's settings."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import to_one
from resolvers.settings import reads
from schema.settings.types import Settings


@strawberry.type
class AccountFields:
    settings: Settings | None = to_one(reads.of_account, requires=Permission.SETTINGS_READ)
