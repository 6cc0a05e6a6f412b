"""The rows of the matrix for SCIM."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind
from tests.areas.scim.giving import give_group
from tests.authz.matrix.matrix_callers import MANAGERS, Stage
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Values, lasting
from tests.client.mutations import ROLE_IDS


async def _group_role(stage: Stage) -> Values:
    """A directory has groups in master accounts alone; who may is decided as in any account."""
    group = await give_group(stage.world, stage.account)
    return {
        "groupId": group,
        "accountId": stage.account.id,
        "roleId": ROLE_IDS[BuiltinRole.ANALYST],
    }


MUTATIONS = {
    "scimGroupRoleSet": Mutation("MEMBERS_WRITE", lasting("MEMBERS_WRITE", MANAGERS), _group_role),
}


ACCOUNT_FIELDS = {
    "scimGroups": ("MEMBERS_READ", MANAGERS),
}


async def _node(stage: Stage) -> str:
    return await give_group(stage.world, stage.account)


NODES = {
    Kind.SCIM_GROUP: NodeOf(_node, MANAGERS),
}
