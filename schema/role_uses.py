"""Where a role is in use."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import Text, Uuid
from sqlalchemy.types import TypeEngine

from authz.role_uses import RoleUseKind
from engine.codecs import enum_of
from engine.declarations import column, computed, entity, to_one
from resolvers import role_uses as reads

if TYPE_CHECKING:
    from schema.accounts import Account
    from schema.api_keys import ApiKey
    from schema.invitations import Invitation
    from schema.members import Member
    from schema.shares import Share

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
    account: Annotated["Account", strawberry.lazy("schema.accounts")] | None = to_one(reads.account_of)
    member: Annotated["Member", strawberry.lazy("schema.members")] | None = to_one(reads.member_of)
    invitation: Annotated["Invitation", strawberry.lazy("schema.invitations")] | None = to_one(
        reads.invitation_of
    )
    api_key: Annotated["ApiKey", strawberry.lazy("schema.api_keys")] | None = to_one(reads.key_of)
    share: Annotated["Share", strawberry.lazy("schema.shares")] | None = to_one(reads.share_of)
