"""How far the rights held above an account reach into it: what is asked for, and break-glass openings."""

import datetime

import strawberry

from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.accounts.tables import ParentAccess
from models.base.ids import Kind
from models.parent_access.openings import break_glass_openings
from models.parent_access.requests import parent_access_requests
from resolvers.parent_access import openings as reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User


@entity(parent_access_requests, key=("account_id",))
class ParentAccessRequest:
    """A change of an account's `parentAccess` that waits for the side that loses by it: it is accepted or
    declined by `parentAccessAnswer`."""

    parent_access: ParentAccess = column(codec=enum_of(ParentAccess), description="What is asked for.")
    reason: str = column(description="Why, as who asked says it.")
    from_above: bool = column(
        description="True: the parent asks, and the account answers. False: the account asks."
    )
    requested_at: datetime.datetime = column(description="When.")
    expires_at: datetime.datetime = column(description="Until when it can be answered.")


@entity(break_glass_openings)
class BreakGlassOpening(Node):
    """A person from above has opened an account whose `parentAccess` is BREAK_GLASS: until it ends, the
    person may do there and below what its memberships above give, but passes nothing of it on."""

    id: strawberry.ID = column(codec=global_id(Kind.BREAK_GLASS), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(reads.account_of)
    user: User | None = to_one(reads.user_of)
    user_name: str = computed(reads.user_name)
    reason: str = column(description="Why, as that person says it.")
    created_at: datetime.datetime = column(description="From when.")
    expires_at: datetime.datetime = column(description="Until when at most.")
    ended_at: datetime.datetime | None = column(
        description="When it was ended: by a person, by a newer opening, or by a change of the mode."
    )
