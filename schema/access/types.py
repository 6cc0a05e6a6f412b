"""Who may do what in an account, and where a role is in use."""

import datetime
from typing import Any

import strawberry
from sqlalchemy import BigInteger, DateTime, Text, Uuid
from sqlalchemy.types import TypeEngine

from authz.callers.principals import PrincipalKind
from authz.policy.permissions import Permission
from authz.reach.role_uses import RoleUseKind
from engine.declare.codecs import enum_of, mask_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from resolvers.access import matrix, past, role_uses
from schema.api_keys.types import ApiKey
from schema.fields.references import AccountRef, ApiKeyRef, InvitationRef, MemberRef, ShareRef
from schema.people.types import User

_ENTRY: dict[str, TypeEngine[Any]] = {
    "master_id": Uuid(),
    "account_id": Uuid(),
    "subject": Uuid(),
    "user_id": Uuid(),
    "api_key_id": Uuid(),
    "token_id": Uuid(),
    "permissions": BigInteger(),
}


@entity(None, carries=_ENTRY)
class AccessEntry:
    """What a person, an API key or a narrowed token may do in an account, with all sources of access
    combined. A key is listed whatever network addresses it accepts."""

    subject_id: strawberry.ID = computed(matrix.subject_id)
    kind: PrincipalKind = computed(matrix.kind_of, codec=enum_of(PrincipalKind))
    name: str = computed(matrix.name_of)
    user: User | None = to_one(matrix.user_of)
    api_key: ApiKey | None = to_one(matrix.key_of)
    permissions: list[Permission] = column(
        codec=mask_of(Permission),
        description="The permissions in this account, after the account's status is applied: now, or at the "
        "moment of `accessAt`.",
    )


_PAST: dict[str, TypeEngine[Any]] = {
    "master_id": Uuid(),
    "account_id": Uuid(),
    "moment": DateTime(timezone=True),
    "mask": BigInteger(),
}


@entity(None, carries=_PAST)
class PastAccess:
    """Who could do what in an account at a moment of the past."""

    moment: datetime.datetime = column(description="The moment that was asked about.")
    entries: Connection[AccessEntry] = connection(past.entries_of, order=past.BY_SUBJECT)


_USE: dict[str, TypeEngine[Any]] = {
    "master_id": Uuid(),
    "account_id": Uuid(),
    "kind": Text(),
    "id": Uuid(),
}


@entity(None, carries=_USE)
class RoleUse:
    """A member or API key that has a role, or an invitation or share that offers or gives it. A share is
    listed once for each of its accounts."""

    subject_id: strawberry.ID = computed(role_uses.subject_id)
    kind: RoleUseKind = column(codec=enum_of(RoleUseKind), description="Which of these it is.")
    name: str = computed(role_uses.name_of)
    account: AccountRef | None = to_one(role_uses.account_of)
    member: MemberRef | None = to_one(role_uses.member_of)
    invitation: InvitationRef | None = to_one(role_uses.invitation_of)
    api_key: ApiKeyRef | None = to_one(role_uses.key_of)
    share: ShareRef | None = to_one(role_uses.share_of)
