"""Promises, straight in the database."""

import uuid
from collections.abc import Iterable

from sqlalchemy import insert

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from models.base.ids import Kind, new_id, present
from models.promises.tables import access_promise_exceptions, access_promises
from tests.world.world import Account, Person, World


async def give_promise(
    world: World,
    account: Account,
    permission: Permission = Permission.INVOICES_READ,
    roles: Iterable[BuiltinRole] = BuiltinRole,
    excepted: Person | None = None,
) -> str:
    """That nobody outside these roles has the permission there. Its id."""
    key: uuid.UUID = new_id()
    values = {
        "master_id": account.master,
        "account_id": account.key,
        "id": key,
        "permission": permission.bit,
        "role_ids": [role.id for role in roles],
    }
    async with world.database.begin() as connection:
        await connection.execute(insert(access_promises).values(values))
        if excepted is not None:
            exception = {"master_id": account.master, "promise_id": key, "holder_id": excepted.key}
            await connection.execute(insert(access_promise_exceptions).values(**exception, reason="Audit"))
    return present(Kind.ACCESS_PROMISE, key)
