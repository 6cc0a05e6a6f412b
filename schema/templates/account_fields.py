"""An account's templates."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.templates import reads
from schema.fields.far import OF_ACCOUNT
from schema.templates.types import Template


@strawberry.type
class AccountFields:
    templates: Connection[Template] | None = connection(
        reads.of_account, order=reads.BY_NAME, requires=Permission.TEMPLATES_READ, far=OF_ACCOUNT
    )
