"""Entries of an account's change log."""

import datetime

import strawberry
from strawberry.scalars import JSON

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.base.ids import Kind
from models.effects.events import events
from resolvers.audit import reads
from resolvers.audit.order import cursor
from resolvers.effects.event_types import EventType
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User


@entity(events, requires=Permission.AUDIT_READ)
class Event(Node):
    """A change: what was changed, by whom, and which account gave the right to it. Its values and its reason
    are shown to who may also read the area that was changed: MEMBERS_READ for members, and so on."""

    id: strawberry.ID = column(codec=global_id(Kind.EVENT), description=ID_DESCRIPTION)
    type: EventType = column(codec=enum_of(EventType), description="What happened.")
    subject_id: strawberry.ID = column(description="The global id of what was changed.")
    actor_name: str | None = computed(reads.actor_name)
    actor: User | None = to_one(reads.user_of)
    actor_token_id: strawberry.ID | None = column(
        codec=global_id(Kind.NARROWED_TOKEN),
        description="The id of the narrowed token that made the change in the name of the person or API "
        "key; null if none did.",
    )
    acting_from: AccountRef | None = to_one(reads.acting_from)
    from_above: bool = computed(reads.from_above)
    account: AccountRef | None = to_one(reads.account_of)
    before: JSON | None = computed(reads.before)
    after: JSON | None = computed(reads.after)
    reason: str | None = computed(reads.reason_of)
    cursor: str = computed(cursor)
    created_at: datetime.datetime = column(description="When the change was made.")
