"""The log tells who gained and lost what by a directory."""

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.audit.telling import told_as_shown
from tests.areas.scim.directory import Directory
from tests.client.mutations import ROLE_IDS, done
from tests.world.world import World


async def test_memberships_that_a_directory_gives_changes_and_ends(
    directory: Directory, world: World
) -> None:
    shop = await world.account(directory.account, "Shop")
    readers = dict.fromkeys((directory.account, shop), directory.owner)
    anna = await directory.user("anna")
    group = await directory.group("Marketing", anna)
    async with told_as_shown(directory.api, readers) as given:
        await directory.map(group, shop, BuiltinRole.MARKETER)
    async with told_as_shown(directory.api, readers) as changed:
        await directory.map(group, shop, BuiltinRole.ADMINISTRATOR)
    async with told_as_shown(directory.api, readers) as ended:
        await directory.patch(f"Users/{anna}", {"op": "replace", "path": "active", "value": False})
    for events, kind in ((given, "MEMBER_JOINED"), (changed, "MEMBER_UPDATED"), (ended, "MEMBER_REMOVED")):
        assert [event["type"] for event in events if event["accessChangeCount"]] == [kind]


async def test_what_follows_a_broken_promise_is_told(directory: Directory, world: World) -> None:
    """What the promise keeps back is undone up to a savepoint, and the next person's membership is told."""
    api, account = directory.api, directory.account
    shop = await world.account(account, "Shop")
    allowed = [ROLE_IDS[role] for role in (BuiltinRole.OWNER, BuiltinRole.ADMINISTRATOR, BuiltinRole.FINANCE)]
    promised = {"accountId": account.id, "permission": "INVOICES_READ", "roleIds": allowed}
    await done(api, "accessPromiseCreate", directory.owner, **promised)
    readers = dict.fromkeys((account, shop), directory.owner)
    role = await world.role(account, "ACCOUNT_READ INVOICES_READ")
    for local in ("anna", "carl"):
        person = await directory.user(local)
        group = await directory.group(f"Of {local}", person)
        await directory.map(group, shop, BuiltinRole.ANALYST)
        values = {"groupId": f"scgr_{group}", "accountId": account.id, "roleId": role.id}
        await done(api, "scimGroupRoleSet", directory.owner, **values)
        await directory.patch(f"Users/{person}", {"op": "replace", "path": "active", "value": False})
        async with told_as_shown(api, readers) as events:
            await directory.patch(f"Users/{person}", {"op": "replace", "path": "active", "value": True})
        assert [event["type"] for event in events if event["accessChangeCount"]] == ["MEMBER_JOINED"]
        assert "SCIM_CHANGE_LEFT" in [event["type"] for event in events]
