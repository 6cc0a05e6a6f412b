"""Who may do what in an account."""

from typing import Any

import strawberry
from sqlalchemy import BigInteger, Uuid
from sqlalchemy.types import TypeEngine

from authz.callers.principals import PrincipalKind
from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, mask_of
from engine.declare.declarations import column, computed, entity, to_one
from resolvers.access import matrix as reads
from schema.api_keys.types import ApiKey
from schema.people.types import User

_CARRIED: dict[str, TypeEngine[Any]] = {
    "master_id": Uuid(),
    "account_id": Uuid(),
    "subject": Uuid(),
    "user_id": Uuid(),
    "api_key_id": Uuid(),
    "permissions": BigInteger(),
}


@entity(None, carries=_CARRIED)
class AccessEntry:
    """What a person or an API key may do in an account, by all that gives it rights there together. A key is
    listed whatever addresses it works from."""

    subject_id: strawberry.ID = computed(reads.subject_id)
    kind: PrincipalKind = computed(reads.kind_of, codec=enum_of(PrincipalKind))
    name: str = computed(reads.name_of)
    user: User | None = to_one(reads.user_of)
    api_key: ApiKey | None = to_one(reads.key_of)
    permissions: list[Permission] = column(
        codec=mask_of(Permission), description="What it may do here now, after the account's status."
    )
