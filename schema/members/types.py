"""Members: people with a role in an account."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of
from engine.declare.declarations import column, computed, entity, to_one
from resolvers.members import reads
from schema.fields.node import Node
from schema.fields.references import AccountRef
from schema.people.types import User
from schema.roles.types import Role


@entity(reads.MEMBERS, key=("id", "account_id"), requires=Permission.MEMBERS_READ)
class Member(Node):
    """A person with a role, seen from one account. Not to be confused with a subaccount, which is a complete
    account: a member is somebody who works inside one."""

    id: strawberry.ID = computed(reads.global_id)
    user: User = to_one(reads.user_of)
    account: AccountRef | None = to_one(reads.account_of)
    role: Role = to_one(reads.role_of)
    relation: reads.MemberRelation = computed(reads.relation_of, codec=enum_of(reads.MemberRelation))
    inherited_from: AccountRef | None = to_one(reads.inherited_from)
    joined_at: datetime.datetime = column(description="When the person got the role.")
    expires_at: datetime.datetime | None = column(
        description="When the membership ends by itself; null: it does not."
    )
    version: int = column(description="Rises with every change; for `expectedVersion`.")
