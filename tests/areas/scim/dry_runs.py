"""What is tried about the directory's groups in dry runs with random inputs."""

from tests.areas.scim.giving import give_group
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try


async def _group_role(tries: Tries, draw: Draw) -> Try:
    """Of a group with the guest in it."""
    account = tries.account(draw)
    group = await give_group(tries.world, account, tries.guest)
    return tries.by_owner(groupId=group, accountId=account.id, roleId=await tries.role_id(draw))


TRIES = {
    "scimGroupRoleSet": _group_role,
}
