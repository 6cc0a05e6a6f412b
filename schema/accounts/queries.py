"""The query for one account."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import to_one
from resolvers.accounts import reads
from schema.accounts.types import Account
from schema.fields.marks import needs


@strawberry.type
class AccountQuery:
    account: Account | None = to_one(
        reads.by_id, absent="NOT_FOUND", directives=needs(Permission.ACCOUNT_READ)
    )
