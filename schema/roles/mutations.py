"""Mutations of custom roles."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, present
from resolvers.accounts import reads as accounts
from resolvers.roles import change as writes
from resolvers.roles import reads as roles
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id, role_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, payload, removed_id
from schema.fields.references import AccountRef
from schema.fields.updates import converted, expected_version, given, given_value, may_stay
from schema.roles.types import Role


@strawberry.input(description="A custom role. ACCOUNT_READ is added to any other permission.")
class RoleCreateInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account that the role belongs to. It can be given there and below."
    )
    name: str = strawberry.field(
        description="1 to 200 characters, without invisible ones. It must not mean or look the same as the "
        "name of a built-in role, of another role of the account, or of a role of an account above. A word "
        "must not mix scripts, such as Latin and Cyrillic."
    )
    description: str = strawberry.field(
        default="", description="The purpose of the role, up to 200 characters."
    )
    permissions: list[Permission] = strawberry.field(
        description="The permissions in the account where a person or key has the role, and below it if "
        "that account passes all its roles down. Not ACCOUNT_SUSPEND, which can only come from an account "
        "above."
    )
    permissions_below: list[Permission] = strawberry.field(
        default_factory=list,
        description="The permissions in every account below the one where a person or key has the role.",
    )
    dry_run: bool = dry_run()


@strawberry.input(description="A custom role's new values. Fields that are left out stay as they are.")
class RoleUpdateInput:
    role_id: strawberry.ID = strawberry.field(description="The role.")
    expected_version: int = expected_version()
    name: str | None = may_stay("As in `RoleCreateInput`.")
    description: str | None = may_stay("As in `RoleCreateInput`; null removes it.")
    permissions: list[Permission] | None = may_stay(
        "All permissions in the account where a person or key has the role."
    )
    permissions_below: list[Permission] | None = may_stay(
        "All permissions in the accounts below; null for none."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="The custom role to delete.")
class RoleDeleteInput:
    role_id: strawberry.ID = strawberry.field(description="The role.")
    dry_run: bool = dry_run()


@entity(None, carries={"role_id": Uuid()})
class RolePayload(AccessPayload):
    """The created or changed role."""

    role: Role | None = to_one(roles.of_result)


@entity(None, carries={"account_id": Uuid()})
class RoleDeletePayload(AccessPayload):
    """The account that the role was deleted from."""

    account: AccountRef | None = to_one(accounts.of_result)
    removed_role_id: strawberry.ID | None = removed_id("role")


@strawberry.type
class RoleMutation:
    @mutation(needs(Permission.ROLES_WRITE))
    async def role_create(
        self, session: WriteSession, principal: Principal, input: RoleCreateInput
    ) -> RolePayload:
        """Create a custom role. You must have every permission that it gives."""
        command = writes.RoleCreation(
            account_id=account_id(input.account_id),
            name=input.name,
            description=input.description,
            permissions=frozenset(input.permissions),
            permissions_below=frozenset(input.permissions_below),
        )
        done = await writes.create_role(session, principal, command)
        return payload(RolePayload, role_id=done.role_id)

    @mutation(needs(Permission.ROLES_WRITE))
    async def role_update(
        self, session: WriteSession, principal: Principal, input: RoleUpdateInput
    ) -> RolePayload:
        """Change a custom role, and the rights of everybody who has it, with effect from the next request.
        You must have every permission that the role gives before and after the change, wherever it is in
        use."""
        command = writes.RoleUpdate(
            role_id=role_id(input.role_id),
            expected_version=input.expected_version,
            name=given_value(input.name, "name"),
            description=converted(given(input.description), lambda text: text or ""),
            permissions=converted(given_value(input.permissions, "permissions"), frozenset),
            permissions_below=converted(given(input.permissions_below), lambda below: frozenset(below or ())),
        )
        done = await writes.update_role(session, principal, command)
        return payload(RolePayload, role_id=done.role_id)

    @mutation(needs(Permission.ROLES_WRITE))
    async def role_delete(
        self, session: WriteSession, principal: Principal, input: RoleDeleteInput
    ) -> RoleDeletePayload:
        """Delete a custom role that no member, open invitation, share or API key has. You must have every
        permission that it gives."""
        done = await writes.delete_role(session, principal, role_id(input.role_id))
        removed = strawberry.ID(present(Kind.ROLE, done.role_id))
        return payload(RoleDeletePayload, account_id=done.account.account_id, removed_role_id=removed)
