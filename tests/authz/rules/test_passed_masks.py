"""The masks that the closure keeps of every path, against the modes of its links."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.guards import parent_link as parent_access
from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess, account_closure
from tests.areas.parent_access.linked import answer, link_of, wish
from tests.authz.escalation.profiles import examples
from tests.authz.matrix.matrix_callers import once
from tests.client.api import Api
from tests.client.links import passed_masks, set_parent_access, stored_masks
from tests.client.mutations import done
from tests.world.world import Account, Member, World


@dataclass(frozen=True)
class Change:
    """The link of one of the accounts gets a mode; `grows`: then an account is made below it."""

    account: int
    mode: ParentAccess
    grows: bool


_parents = st.lists(st.integers(0, 100), min_size=2, max_size=5)
_changes = st.lists(
    st.builds(Change, st.integers(0, 100), st.sampled_from(ParentAccess), st.booleans()),
    min_size=3,
    max_size=6,
)


@examples(8)
@given(parents=_parents, changes=_changes)
async def test_writes_keep_the_masks_true(
    parents: list[int], changes: list[Change], api: Api, registry: World
) -> None:
    """Whatever is agreed on, in whatever order, and wherever accounts are made meanwhile."""
    accounts = [await registry.account()]
    owners = [await registry.member(accounts[0], BuiltinRole.OWNER)]
    above = [0]
    for number in parents:
        above.append(number % len(accounts))
        accounts.append(await registry.account(accounts[above[-1]]))
        owners.append(await registry.member(accounts[-1], BuiltinRole.OWNER))
    for change in changes:
        number = 1 + change.account % (len(accounts) - 1)
        await _agree(api, owners[above[number]], owners[number], accounts[number], change.mode)
        if change.grows:
            made = {"parentId": accounts[number].id, "name": "New", "idempotencyKey": once()}
            await done(api, "subaccountCreate", owners[number], **made)
        assert await stored_masks(registry, accounts[0]) == await passed_masks(registry, accounts[0])


async def _agree(api: Api, parent: Member, owner: Member, account: Account, mode: ParentAccess) -> None:
    assert await wish(api, owner, account, mode) == ""
    if (await link_of(api, owner, account))["parentAccessRequest"] is not None:
        assert await answer(api, parent, account, mode) == ""
    assert (await link_of(api, owner, account))["parentAccess"] == mode.value


async def test_a_new_permission_to_read_passes_what_lets_reads_pass(
    world: World, database: AsyncEngine
) -> None:
    """As if the stored masks came from a time before one of today's; nothing else is touched."""
    master = await world.account()
    for mode in ParentAccess:
        await set_parent_access(world, await world.account(await world.account(master)), mode)
    true_masks = await stored_masks(world, master)
    outdated = account_closure.c.passed_mask == parent_access.READS_PASS
    fewer = update(account_closure).where(outdated, account_closure.c.master_id == master.key)

    def migrate(connection: Connection) -> None:
        connection.execute(fewer.values(passed_mask=parent_access.READS_PASS & ~(1 << 7)))
        parent_access.synchronize(connection)

    async with database.begin() as connection:
        await connection.run_sync(migrate)
    assert await stored_masks(world, master) == true_masks
