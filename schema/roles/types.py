"""Roles."""

import strawberry

from authz.policy.custom_roles import MOST_LINES
from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id, mask_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_many, to_one
from models.base.ids import Kind
from models.roles.tables import Effect, Relation, role_policy_lines, roles
from resolvers.access import role_uses
from resolvers.roles import reads
from schema.fields.node import Node
from schema.fields.references import AccountRef, RoleUseRef

_PERMISSIONS = mask_of(Permission)


@entity(role_policy_lines, key=("role_id", "relation", "area", "action", "effect"))
class PolicyLine:
    """A line of the casbin policy for a role. Deny wins."""

    relation: Relation = column(
        codec=enum_of(Relation),
        description="How the account of the role's holder relates to the account in question.",
    )
    area: str = column(description="An area such as MEMBERS; `*` means every area.")
    action: str = column(description="An action such as WRITE; `*` means every action.")
    effect: Effect = column(codec=enum_of(Effect), description="Whether the line allows or denies.")


@entity(roles)
class Role(Node):
    """What a member or an API key may do. Built-in roles are the same in every account. A custom role belongs
    to an account and can be given there and in every account below it."""

    id: strawberry.ID = column(
        codec=global_id(Kind.ROLE), description="The global id. A built-in role has the same id everywhere."
    )
    name: str = column(description="A name such as ADMINISTRATOR, unique among the roles of its account.")
    description: str = column(description="The purpose of the role.")
    built_in: bool = computed(reads.is_built_in)
    account: AccountRef | None = to_one(reads.account_of)
    permissions: list[Permission] = computed(reads.member_permissions, codec=_PERMISSIONS)
    permissions_below: list[Permission] = computed(reads.ancestor_permissions, codec=_PERMISSIONS)
    permissions_inherited: list[Permission] = computed(reads.inherited_permissions, codec=_PERMISSIONS)
    policy_lines: list[PolicyLine] = to_many(reads.policy_lines, most=MOST_LINES)
    uses: Connection[RoleUseRef] = connection(role_uses.of_role, order=role_uses.BY_ID)
    version: int = column(description="Increases with every change. Send it as `expectedVersion`.")
