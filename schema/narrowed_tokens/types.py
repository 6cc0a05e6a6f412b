"""Narrowed tokens."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import global_id, mask_of
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.base.ids import Kind
from models.narrowed_tokens.tables import MOST_ACCOUNTS, narrowed_tokens
from resolvers.narrowed_tokens import reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef, ApiKeyRef
from schema.people.types import User


@entity(narrowed_tokens)
class NarrowedToken(Node):
    """A token that may do a part of what a session, an API key or another narrowed token may do: in some
    accounts alone, with some permissions alone, for an hour at most. At each moment it may do no more than
    what it was made of, and it ends with that."""

    id: strawberry.ID = column(codec=global_id(Kind.NARROWED_TOKEN), description=ID_DESCRIPTION)
    audience: str = column(description="Who it was made for, as its maker wrote it. It is not checked.")
    accounts: list[AccountRef] = to_many(reads.accounts_of, most=MOST_ACCOUNTS)
    permissions: list[Permission] = computed(reads.permissions_of, codec=mask_of(Permission))
    user: User | None = to_one(reads.user_of)
    api_key: ApiKeyRef | None = to_one(reads.key_of)
    created_at: datetime.datetime = column(description="When it was made.")
    expires_at: datetime.datetime = column(
        description="When it ends at the latest. It ends before with what it was made of."
    )
    revoked_at: datetime.datetime | None = column(description="When it was revoked.")
