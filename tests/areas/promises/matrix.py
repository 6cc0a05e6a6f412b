"""The rows of the matrix for promises."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind
from tests.areas.promises.giving import give_promise
from tests.authz.matrix.matrix_callers import MANAGERS, Stage
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, NodeOf, Values, lasting
from tests.client.mutations import ROLE_IDS

_MAKERS = frozenset({"owner"}) | ABOVE
"""Who may hand over the account."""


async def _create(stage: Stage) -> Values:
    """Of all roles: the guest whose share opens areas alone is no caller here."""
    roles = [ROLE_IDS[role] for role in BuiltinRole]
    return {"accountId": stage.account.id, "permission": "INVOICES_READ", "roleIds": roles}


async def _end(stage: Stage) -> Values:
    return {"accessPromiseId": await _promise(stage)}


async def _promise(stage: Stage) -> str:
    return await give_promise(stage.world, stage.account)


async def _restore(stage: Stage, caller: str) -> None:
    async with stage.world.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE access_promises SET ended_at = now()")


MUTATIONS = {
    "accessPromiseCreate": Mutation(
        "ACCOUNT_TRANSFER", lasting("ACCOUNT_TRANSFER", _MAKERS), _create, _restore
    ),
    "accessPromiseEnd": Mutation("ACCOUNT_TRANSFER", lasting("ACCOUNT_TRANSFER", _MAKERS), _end),
}


ACCOUNT_FIELDS = {
    "accessPromises": ("MEMBERS_READ", MANAGERS),
}


NODES = {
    Kind.ACCESS_PROMISE: NodeOf(_promise, MANAGERS),
}
