"""What passes the links of a tree, and broken glass, written straight into the database.

The masks are worked out here once more, path by path, from the modes alone.
"""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from authz.policy.permissions import Permission, mask_of
from models.accounts.tables import ParentAccess, account_closure, accounts
from models.base.ids import Kind, new_id, present
from models.parent_access.openings import break_glass_openings
from models.parent_access.requests import parent_access_requests
from tests.world.world import Account, ApiKey, Person, World

_LEAST = {Permission.ACCOUNT_READ, Permission.ACCOUNT_SUSPEND}
_READS = {permission for permission in Permission if permission.name.endswith("_READ")}
_PASSES = {
    ParentAccess.FULL: 2**63 - 1,
    ParentAccess.READ_ONLY: mask_of(_READS | _LEAST),
    ParentAccess.BREAK_GLASS: mask_of(_LEAST),
    ParentAccess.NONE: mask_of(_LEAST),
}
_Path = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True)
class Opening:
    """Broken glass."""

    key: uuid.UUID

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.BREAK_GLASS, self.key)


async def set_parent_access(world: World, account: Account, mode: ParentAccess) -> None:
    """Let this pass the account's link."""
    statement = update(accounts).where(accounts.c.id == account.key).values(parent_access=mode.value)
    async with world.database.begin() as connection:
        await connection.execute(statement)
    wanted = await passed_masks(world, account)
    async with world.database.begin() as connection:
        for (ancestor, descendant), mask in wanted.items():
            await connection.execute(
                update(account_closure)
                .where(
                    account_closure.c.ancestor_id == ancestor, account_closure.c.descendant_id == descendant
                )
                .values(passed_mask=mask)
            )


async def passed_masks(world: World, account: Account) -> Mapping[_Path, int]:
    """What passes every path of the account's tree, by its modes."""
    columns = accounts.c.id, accounts.c.parent_id, accounts.c.parent_access
    statement = select(*columns).where(accounts.c.master_id == account.master)
    async with world.database.connect() as connection:
        rows = (await connection.execute(statement)).all()
    parents = {row.id: row.parent_id for row in rows}
    modes = {row.id: ParentAccess(row.parent_access) for row in rows}
    found = {}
    for descendant in parents:
        place, mask = descendant, 2**63 - 1
        while place is not None:
            found[place, descendant] = mask
            mask &= _PASSES[modes[place]]
            place = parents[place]
    return found


async def stored_masks(world: World, account: Account) -> Mapping[_Path, int]:
    """What is stored of the same."""
    path = account_closure
    statement = select(path.c.ancestor_id, path.c.descendant_id, path.c.passed_mask).where(
        path.c.master_id == account.master
    )
    async with world.database.connect() as connection:
        return {(row[0], row[1]): row[2] for row in await connection.execute(statement)}


async def break_glass(
    world: World,
    account: Account,
    person: Person,
    expires_at: datetime.datetime | None = None,
    ended_at: datetime.datetime | None = None,
) -> Opening:
    """The person has opened the account, until tomorrow if nothing else is said."""
    key = new_id()
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    async with world.database.begin() as connection:
        await connection.execute(
            insert(break_glass_openings).values(
                master_id=account.master,
                account_id=account.key,
                id=key,
                user_id=person.key,
                reason="Fire",
                expires_at=expires_at or tomorrow,
                ended_at=ended_at,
            )
        )
    return Opening(key)


async def end_all_openings(world: World, account: Account) -> None:
    """No glass of the account's tree is broken any more."""
    statement = update(break_glass_openings).where(break_glass_openings.c.master_id == account.master)
    async with world.database.begin() as connection:
        await connection.execute(statement.values(ended_at=func.now()))


async def ask(
    world: World, account: Account, mode: ParentAccess, asker: Person | ApiKey, *, from_above: bool
) -> None:
    """The one side asks the other, in the place of what was asked before."""
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    async with world.database.begin() as connection:
        await connection.execute(
            delete(parent_access_requests).where(parent_access_requests.c.account_id == account.key)
        )
        await connection.execute(
            insert(parent_access_requests).values(
                master_id=account.master,
                account_id=account.key,
                parent_access=mode.value,
                reason="Because",
                from_above=from_above,
                asker_user_id=asker.key if isinstance(asker, Person) else None,
                asker_api_key_id=asker.key if isinstance(asker, ApiKey) else None,
                requested_at=func.now(),
                expires_at=tomorrow,
            )
        )


async def forget_requests(world: World, account: Account) -> None:
    """No request waits."""
    statement = delete(parent_access_requests).where(parent_access_requests.c.account_id == account.key)
    async with world.database.begin() as connection:
        await connection.execute(statement)
