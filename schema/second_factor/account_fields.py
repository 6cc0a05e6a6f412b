"""Whether an account requires a second factor."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import computed
from resolvers.second_factor import reads


@strawberry.type
class AccountFields:
    requires_second_factor: bool | None = computed(reads.is_required, requires=Permission.SETTINGS_READ)
    own_requires_second_factor: bool | None = computed(
        reads.is_required_by_itself, requires=Permission.SETTINGS_READ
    )
