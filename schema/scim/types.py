"""The groups of a company's directory."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import global_id
from engine.declare.declarations import SELDOM_MORE, column, computed, entity, to_many, to_one
from models.base.ids import Kind
from models.scim.tables import scim_group_roles, scim_groups
from resolvers.scim import reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.roles.types import Role


@entity(scim_group_roles, key=("master_id", "group_id", "account_id"), requires=Permission.MEMBERS_READ)
class ScimGroupRole:
    """A role that the members of a directory's group have in an account."""

    account: AccountRef | None = to_one(reads.account_of)
    role: Role | None = to_one(reads.role_of)


@entity(scim_groups, requires=Permission.MEMBERS_READ)
class ScimGroup(Node):
    """A group that a company's directory has provisioned (SCIM 2.0)."""

    id: strawberry.ID = column(codec=global_id(Kind.SCIM_GROUP), description=ID_DESCRIPTION)
    display_name: str = column(description="Its name in the directory.")
    external_id: str | None = column(description="The directory's own id.")
    member_count: int = computed(reads.member_count)
    roles: list[ScimGroupRole] = to_many(reads.roles_of, most=SELDOM_MORE)
    created_at: datetime.datetime = column(description="When it was provisioned.")
