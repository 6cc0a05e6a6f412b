"""How long the members and guests of an account's tree stay signed in."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import computed
from resolvers.sessions import reads


@strawberry.type
class AccountFields:
    session_idle_minutes: int | None = computed(reads.idle_minutes_of, requires=Permission.SETTINGS_READ)
    session_maximum_minutes: int | None = computed(
        reads.maximum_minutes_of, requires=Permission.SETTINGS_READ
    )
