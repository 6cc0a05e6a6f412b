"""Entries of an account's change log."""

import datetime
from typing import Any

import strawberry
from sqlalchemy import BigInteger, Uuid
from sqlalchemy.types import TypeEngine
from strawberry.scalars import JSON

from authz.callers.principals import PrincipalKind
from authz.policy.permissions import Permission
from engine.declare.codecs import HEXADECIMAL, enum_of, global_id, mask_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from models.accounts.tables import accounts
from models.base.ids import Kind
from models.effects.event_chain import event_seals
from models.effects.events import events
from resolvers.access import matrix
from resolvers.audit import access, reads, seals
from resolvers.audit.order import cursor
from resolvers.effects.event_types import EventType
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef, ApiKeyRef
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


_CHANGE: dict[str, TypeEngine[Any]] = {
    **{name: Uuid() for name in ("master_id", "account_id", "user_id", "api_key_id", "subject", "token_id")},
    "gained": BigInteger(),
    "lost": BigInteger(),
}


@entity(None, carries=_CHANGE, requires=Permission.AUDIT_READ)
class EventAccessChange:
    """What a person or an API key gained and lost by a change in an account, with all sources of access
    combined."""

    account: AccountRef | None = to_one(access.account_of)
    subject_id: strawberry.ID = computed(matrix.subject_id)
    kind: PrincipalKind = computed(matrix.kind_of, codec=enum_of(PrincipalKind))
    name: str | None = computed(matrix.name_of)
    gained: list[Permission] = column(
        codec=mask_of(Permission), description="The permissions that were added, after the account's status."
    )
    lost: list[Permission] = column(
        codec=mask_of(Permission), description="The permissions that were taken away."
    )


@entity(events, requires=Permission.AUDIT_READ)
class Event(Node):
    """A change: what was changed, by whom, and which account gave the right to it. Its values and its reason
    are shown to who may also read the area that was changed: MEMBERS_READ for members, and so on."""

    id: strawberry.ID = column(codec=global_id(Kind.EVENT), description=ID_DESCRIPTION)
    type: EventType = column(codec=enum_of(EventType), description="What happened.")
    subject_id: strawberry.ID = column(description="The global id of what was changed.")
    actor_name: str | None = computed(reads.actor_name)
    actor: User | None = to_one(reads.user_of)
    actor_api_key: ApiKeyRef | None = to_one(reads.key_of)
    actor_token_id: strawberry.ID | None = column(
        codec=global_id(Kind.NARROWED_TOKEN),
        description="The id of the narrowed token that made the change in the name of the person or API "
        "key; null if none did.",
    )
    acting_from: AccountRef | None = to_one(reads.acting_from)
    from_above: bool = computed(reads.from_above)
    by_break_glass: bool = column(description="Whether break-glass alone gave the right to make the change.")
    account: AccountRef | None = to_one(reads.account_of)
    before: JSON | None = computed(reads.before)
    after: JSON | None = computed(reads.after)
    reason: str | None = computed(reads.reason_of)
    access_changes: Connection[EventAccessChange] = connection(access.of_event, order=access.BY_PLACE)
    access_change_count: int | None = computed(access.count_of)
    cursor: str = computed(cursor)
    seal: EventSeal | None = to_one(seals.seal_of)
    created_at: datetime.datetime = column(description="When the change was made.")
