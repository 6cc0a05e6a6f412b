"""Mutations of the directory's groups."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind
from resolvers.inputs.global_ids import required
from resolvers.scim import reads, roles
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id, role_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, payload
from schema.scim.types import ScimGroup


@strawberry.input(description="A group, an account, and the role that the group's members get there.")
class ScimGroupRoleSetInput:
    group_id: strawberry.ID = strawberry.field(description="A group, from `Account.scimGroups`.")
    account_id: strawberry.ID = strawberry.field(description="An account of the tree.")
    role_id: strawberry.ID | None = strawberry.field(
        default=None, description="Any role but OWNER. Null: the group gives none there any more."
    )
    dry_run: bool = dry_run()


@entity(None, carries={"group_id": Uuid()})
class ScimGroupPayload(AccessPayload):
    """The group and its roles."""

    group: ScimGroup | None = to_one(reads.of_result)


@strawberry.type
class ScimMutation:
    @mutation(needs(Permission.MEMBERS_WRITE))
    async def scim_group_role_set(
        self, session: WriteSession, principal: Principal, input: ScimGroupRoleSetInput
    ) -> ScimGroupPayload:
        """Set which role the members of a directory's group have in an account. Its people become members
        there, or stop being members that the group has made. Of several groups that give a role in one
        account, the oldest one counts. You need the permission in the master account, too."""
        group_id = required(Kind.SCIM_GROUP, input.group_id, "groupId")
        command = roles.GroupRole(
            group_id=group_id,
            account_id=account_id(input.account_id),
            role_id=None if input.role_id is None else role_id(input.role_id),
        )
        await roles.set_group_role(session, principal, command)
        return payload(ScimGroupPayload, group_id=group_id)
