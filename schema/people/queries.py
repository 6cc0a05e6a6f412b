"""The caller."""

import strawberry
from sqlalchemy import Uuid
from strawberry.scalars import JSON

from engine.declare.connections import Connection
from engine.declare.declarations import computed, connection, entity, to_one
from resolvers.accounts import reads as accounts
from resolvers.invitations import received
from resolvers.members import ownership_offers
from resolvers.members import reads as members
from resolvers.narrowed_tokens import reads as narrowed_tokens
from resolvers.people import personal_data as data
from resolvers.people import viewer as reads
from resolvers.second_factor import reads as second_factor
from resolvers.sessions import reads as sessions
from resolvers.shares import reads as shares
from schema.fields.marks import OPEN
from schema.fields.references import (
    AccountRef,
    ApiKeyRef,
    MemberRef,
    NarrowedTokenRef,
    OwnershipOfferRef,
    ReceivedInvitationRef,
    SecondFactorRef,
    SessionRef,
    ShareRef,
)
from schema.people.types import User


@entity(None, carries={"user_id": Uuid(), "api_key_id": Uuid(), "token_id": Uuid()})
class Viewer:
    """The caller: a signed-in person, an API key or a narrowed token."""

    id: strawberry.ID = computed(reads.global_id)
    user: User | None = to_one(reads.user_of)
    has_password: bool | None = computed(reads.has_password)
    personal_data: JSON | None = computed(data.personal_data)
    api_key: ApiKeyRef | None = to_one(reads.api_key_of)
    narrowed_token: NarrowedTokenRef | None = to_one(narrowed_tokens.itself)
    narrowed_tokens: Connection[NarrowedTokenRef] = connection(
        narrowed_tokens.of_viewer, order=narrowed_tokens.BY_ID
    )
    accounts: Connection[AccountRef] = connection(accounts.of_viewer, order=accounts.order)
    memberships: Connection[MemberRef] = connection(members.of_viewer, order=members.BY_ID)
    invitations: Connection[ReceivedInvitationRef] = connection(
        received.of_viewer, order=received.NEWEST_FIRST
    )
    ownership_offers: Connection[OwnershipOfferRef] = connection(
        ownership_offers.of_viewer, order=ownership_offers.BY_ACCOUNT
    )
    shares: Connection[ShareRef] = connection(shares.of_viewer, order=shares.BY_ID)
    second_factor: SecondFactorRef | None = to_one(second_factor.of_viewer)
    sessions: Connection[SessionRef] = connection(sessions.of_viewer, order=sessions.BY_ID)


@strawberry.type
class ViewerQuery:
    viewer: Viewer | None = to_one(reads.current, absent="UNAUTHENTICATED", directives=OPEN)
