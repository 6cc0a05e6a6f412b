"""Roles."""

import strawberry

from authz.permissions import Permission
from engine.codecs import global_id, mask_of
from engine.declarations import column, computed, entity
from models.identifiers import Kind
from models.roles import roles
from resolvers import roles as reads
from schema.node import Node

_PERMISSIONS = mask_of(Permission)


@entity(roles)
class Role(Node):
    """What a member or an API key may do. The built-in roles are the same in every account."""

    id: strawberry.ID = column(codec=global_id(Kind.ROLE), description="The same everywhere.")
    name: str = column(description="Such as ADMINISTRATOR.")
    description: str = column(description="What it is for.")
    permissions: list[Permission] = computed(reads.member_permissions, codec=_PERMISSIONS)
    permissions_below: list[Permission] = computed(reads.ancestor_permissions, codec=_PERMISSIONS)
    permissions_inherited: list[Permission] = computed(reads.inherited_permissions, codec=_PERMISSIONS)
    policy_lines: list[str] = computed(reads.policy_lines)
