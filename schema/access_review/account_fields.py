"""The access reviews of an account."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.access_review import reads
from schema.access_review.types import AccessReview


@strawberry.type
class AccountFields:
    access_reviews: Connection[AccessReview] | None = connection(
        reads.of_account, order=reads.NEWEST_FIRST, requires=Permission.MEMBERS_READ
    )
