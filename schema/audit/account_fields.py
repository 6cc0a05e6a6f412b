"""An account's log."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection, to_one
from resolvers.audit import reads as events
from resolvers.audit import seals
from resolvers.audit.order import order
from schema.audit.types import Event, EventProof


@strawberry.type
class AccountFields:
    events: Connection[Event] | None = connection(
        events.of_account, order=order, requires=Permission.AUDIT_READ
    )
    event_proof: EventProof | None = to_one(seals.proof_of, requires=Permission.AUDIT_READ)
