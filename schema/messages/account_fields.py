"""An account's messages."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection
from resolvers.messages import reads
from schema.fields.far import OF_ACCOUNT
from schema.messages.types import Message


@strawberry.type
class AccountFields:
    marketing_messages: Connection[Message] | None = connection(
        reads.marketing,
        order=reads.NEWEST_FIRST,
        requires=Permission.CAMPAIGNS_READ,
        far=OF_ACCOUNT,
    )
    transactional_messages: Connection[Message] | None = connection(
        reads.transactional,
        order=reads.NEWEST_FIRST,
        requires=Permission.TRANSACTIONAL_READ,
        far=OF_ACCOUNT,
    )
