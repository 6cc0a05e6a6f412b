"""The rows of the matrix for roles."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.authz.matrix.matrix_callers import MANAGERS, NOT_ACCEPTED, Stage, once
from tests.authz.matrix.matrix_rows import ANYBODY, Mutation, NodeOf, Values, lasting


async def _role_create(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "name": once(), "permissions": ["ACCOUNT_READ"]}


async def _role_update(stage: Stage) -> Values:
    return {"roleId": (await stage.role()).id, "expectedVersion": 1, "name": once()}


async def _role_delete(stage: Stage) -> Values:
    return {"roleId": (await stage.role()).id}


MUTATIONS = {
    "roleCreate": Mutation("ROLES_WRITE", lasting("ROLES_WRITE", MANAGERS), _role_create),
    "roleUpdate": Mutation("ROLES_WRITE", lasting("ROLES_WRITE", MANAGERS), _role_update),
    "roleDelete": Mutation("ROLES_WRITE", lasting("ROLES_WRITE", MANAGERS), _role_delete),
}


ACCOUNT_FIELDS = {
    "roles": ("ROLES_READ", MANAGERS),
}


async def _built_in(stage: Stage) -> str:
    return present(Kind.ROLE, BuiltinRole.ANALYST.id)


NODES = {
    Kind.ROLE: NodeOf(_built_in, ANYBODY - NOT_ACCEPTED),
}
