"""Entries of an account's change log."""

import datetime

import strawberry
from strawberry.scalars import JSON

from authz.policy.permissions import Permission
from engine.declare.codecs import HEXADECIMAL, enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.accounts.tables import accounts
from models.base.ids import Kind
from models.effects.event_chain import event_seals
from models.effects.events import events
from resolvers.audit import reads, seals
from resolvers.audit.order import cursor
from resolvers.effects.event_types import EventType
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User


@entity(event_seals, key=("master_id", "account_id", "number"), requires=Permission.AUDIT_READ)
class EventSeal:
    """The seal of an event in its account's chain. It never changes, and shows whether the event did. `hash`
    is the SHA-256 of the bytes of `previousHash` and the following as text, separated by vertical bars: the
    account's id without its prefix, `number`, and the `digest` of each of the `parts` in their order."""

    number: int = column(description="The number of the event in its account, from 1 without gaps.")
    previous_hash: str = column(
        codec=HEXADECIMAL, description="The hash of the seal before it; zeros for the first."
    )
    hash: str = column(codec=HEXADECIMAL, description="The hash in hexadecimal.")
    parts: JSON = computed(seals.parts_of)


@entity(accounts, requires=Permission.AUDIT_READ)
class EventProof:
    """The proof of an account's log. `mandant audit verify` recomputes the chains of all accounts."""

    event_count: int = computed(seals.event_count_of)
    head: str = computed(seals.head_of, codec=HEXADECIMAL)


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
    seal: EventSeal | None = to_one(seals.seal_of)
    created_at: datetime.datetime = column(description="When the change was made.")
