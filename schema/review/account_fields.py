"""Whether platform support lets an account send."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import computed, to_one
from resolvers.review import reads
from schema.review.types import Review


@strawberry.type
class AccountFields:
    review: Review | None = to_one(reads.of_account, requires=Permission.SETTINGS_READ)
    review_approved: bool | None = computed(reads.approved_of, requires=Permission.SETTINGS_READ)
