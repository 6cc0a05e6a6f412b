"""An account's single sign-on."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import to_one
from resolvers.single_sign_on import reads
from schema.single_sign_on.types import SingleSignOn


@strawberry.type
class AccountFields:
    single_sign_on: SingleSignOn | None = to_one(reads.of_account, requires=Permission.SETTINGS_READ)
