"""Where a role is in use."""

from typing import Any

import strawberry
from sqlalchemy import Text, Uuid
from sqlalchemy.types import TypeEngine

from authz.reach.role_uses import RoleUseKind
from engine.declare.codecs import enum_of
from engine.declare.declarations import column, computed, entity, to_one
from resolvers.access import role_uses as reads
from schema.fields.references import AccountRef, ApiKeyRef, InvitationRef, MemberRef, ShareRef

_CARRIED: dict[str, TypeEngine[Any]] = {
    "master_id": Uuid(),
    "account_id": Uuid(),
    "kind": Text(),
    "id": Uuid(),
}


@entity(None, carries=_CARRIED)
class RoleUse:
    """A member or an API key that has a role, or an invitation or a share that offers or gives it. A share is
    listed once for each of its accounts."""

    subject_id: strawberry.ID = computed(reads.subject_id)
    kind: RoleUseKind = column(codec=enum_of(RoleUseKind), description="What it is.")
    name: str = computed(reads.name_of)
    account: AccountRef | None = to_one(reads.account_of)
    member: MemberRef | None = to_one(reads.member_of)
    invitation: InvitationRef | None = to_one(reads.invitation_of)
    api_key: ApiKeyRef | None = to_one(reads.key_of)
    share: ShareRef | None = to_one(reads.share_of)
