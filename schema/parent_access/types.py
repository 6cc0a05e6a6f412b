"""Requests to change parent access, and break-glass openings."""

import datetime

import strawberry

from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.accounts.tables import ParentAccess
from models.base.ids import Kind
from models.parent_access.openings import break_glass_openings
from models.parent_access.requests import parent_access_requests
from resolvers.parent_access import openings as reads
from resolvers.promises import doomed
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User
from schema.promises.types import AccessPromise


@entity(parent_access_requests, key=("account_id",))
class ParentAccessRequest:
    """A requested change of an account's `parentAccess`. The side that loses rights accepts or declines it
    with `parentAccessAnswer`."""

    parent_access: ParentAccess = column(codec=enum_of(ParentAccess), description="The requested value.")
    reason: str = column(description="The reason, as whoever made the request wrote it.")
    from_above: bool = column(
        description="True: the parent made the request and the account answers. False: the account made it "
        "and the parent answers."
    )
    requested_at: datetime.datetime = column(description="When it was made.")
    expires_at: datetime.datetime = column(description="Until when it can be answered.")
    broken_promises: list[AccessPromise] = to_many(doomed.of_parent_access_request, most=doomed.MOST_SHOWN)


@entity(break_glass_openings)
class BreakGlassOpening(Node):
    """Temporary access by a person from above to an account whose `parentAccess` is BREAK_GLASS. Until it
    ends, the person's memberships above apply in the account and below it. The person cannot give these
    rights to anybody else."""

    id: strawberry.ID = column(codec=global_id(Kind.BREAK_GLASS), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(reads.account_of)
    user: User | None = to_one(reads.user_of)
    user_name: str = computed(reads.user_name)
    reason: str = column(description="The reason that the person gave.")
    created_at: datetime.datetime = column(description="When it started.")
    expires_at: datetime.datetime = column(description="When it ends at the latest.")
    ended_at: datetime.datetime | None = column(
        description="When it was ended by a person, by a newer opening or by a change of `parentAccess`."
    )
