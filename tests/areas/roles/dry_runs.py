"""What is tried about roles in dry runs with random inputs."""

from models.base.ids import Kind, present
from models.roles.tables import roles
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try
from tests.authz.matrix.matrix_callers import once
from tests.world.world import CustomRole


async def _role_create(tries: Tries, draw: Draw) -> Try:
    rights = {"permissions": sorted(draw.permissions), "permissionsBelow": sorted(draw.below)}
    return tries.by_owner(accountId=tries.account(draw).id, name=once(), **rights)


async def _role_update(tries: Tries, draw: Draw) -> Try:
    """A role that somebody has."""
    await tries.world.member(tries.account(draw), await _role(tries, draw), tries.guest)
    row = await tries.one(roles, draw.role)
    rights = {"permissions": sorted(draw.permissions), "permissionsBelow": sorted(draw.below)}
    return tries.by_owner(roleId=present(Kind.ROLE, row.id), expectedVersion=row.version, **rights)


async def _role_delete(tries: Tries, draw: Draw) -> Try:
    await _role(tries, draw)
    row = await tries.one(roles, draw.role)
    return tries.by_owner(roleId=present(Kind.ROLE, row.id))


async def _role(tries: Tries, draw: Draw) -> CustomRole:
    return await tries.world.role(tries.tree[0], "ACCOUNT_READ CREDIT_READ", "ACCOUNT_READ")


TRIES = {
    "roleCreate": _role_create,
    "roleUpdate": _role_update,
    "roleDelete": _role_delete,
}
