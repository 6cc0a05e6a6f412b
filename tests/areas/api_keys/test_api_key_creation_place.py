"""Keys from the master account alone (R13), where it says so."""

from dataclasses import dataclass

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import last_event
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.world.world import Account, ApiKey, Member, World

_READ = "query ($id: ID!) { account(id: $id) { apiKeyCreation } }"
_REFUSED = "MASTER_ACCOUNT_REQUIRED"


@dataclass(frozen=True)
class Tree:
    """A master account that makes the keys, and a subaccount with people of its own."""

    master: Account
    branch: Account
    above: Member
    below: Member
    key_above: ApiKey
    key_below: ApiKey


async def _tree(api: Api, world: World, place: str = "MASTER_ONLY") -> Tree:
    master = await world.account()
    branch = await world.account(master)
    above = await world.member(master, BuiltinRole.OWNER)
    below = await world.member(branch, BuiltinRole.ADMINISTRATOR)
    keys = [await world.api_key(account) for account in (master, branch)]
    setting = {"accountId": master.id, "expectedVersion": 1, "apiKeyCreation": place}
    await done(api, "accountUpdate", above, **setting)
    return Tree(master, branch, above, below, *keys)


async def _create(api: Api, caller: Caller, account: Account) -> str:
    values = {"accountId": account.id, "name": "Key", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    return await code_of(api, "apiKeyCreate", caller, **values)


async def test_only_from_the_master_account_keys_are_made(api: Api, world: World) -> None:
    tree = await _tree(api, world)
    update = {"apiKeyId": tree.key_below.id, "expectedVersion": 1, "name": "New"}
    before = await world.state(tree.master)
    for caller in (tree.below, tree.key_below):
        assert await _create(api, caller, tree.branch) == _REFUSED
        assert await code_of(api, "apiKeyUpdate", caller, **update) == _REFUSED
    assert await code_of(api, "apiKeyAdopt", tree.below, apiKeyId=tree.key_below.id) == _REFUSED
    assert await _create(api, tree.below, tree.master) == "NOT_FOUND"
    assert await world.state(tree.master) == before
    for caller in (tree.above, tree.key_above):
        assert await _create(api, caller, tree.branch) == ""
        assert await _create(api, caller, tree.master) == ""
    assert await code_of(api, "apiKeyUpdate", tree.above, **update) == ""
    assert await code_of(api, "apiKeyAdopt", tree.above, apiKeyId=tree.key_below.id) == ""


async def test_anywhere_is_the_default_and_can_be_had_again(api: Api, world: World) -> None:
    tree = await _tree(api, world)
    assert await _create(api, tree.below, tree.branch) == _REFUSED
    back = {"accountId": tree.master.id, "expectedVersion": 2, "apiKeyCreation": "ANYWHERE"}
    await done(api, "accountUpdate", tree.above, **back)
    assert await _create(api, tree.below, tree.branch) == ""
    event = await last_event(api, tree.above, tree.master.id)
    assert (event["before"], event["after"]) == (
        {"api_key_creation": "MASTER_ONLY"},
        {"api_key_creation": "ANYWHERE"},
    )


async def test_a_subaccount_rotates_and_revokes_its_own(api: Api, world: World) -> None:
    tree = await _tree(api, world)
    assert await code_of(api, "apiKeyRotate", tree.below, apiKeyId=tree.key_below.id) == ""
    assert await code_of(api, "apiKeyRevoke", tree.below, apiKeyId=tree.key_below.id) == ""


async def test_who_stands_in_both_makes_keys_by_the_role_above(api: Api, world: World) -> None:
    """It is the grant that counts, and it has to give API_KEYS_WRITE where the key is made."""
    tree = await _tree(api, world)
    await world.member(tree.master, BuiltinRole.ANALYST, tree.below.person)
    assert await _create(api, tree.below, tree.branch) == _REFUSED
    developer = await world.member(tree.branch, BuiltinRole.ADMINISTRATOR)
    await world.member(tree.master, BuiltinRole.DEVELOPER, developer.person)
    assert await _create(api, developer, tree.branch) == _REFUSED  # a developer's role ends above
    both = await world.member(tree.branch, BuiltinRole.ADMINISTRATOR)
    await world.member(tree.master, BuiltinRole.ADMINISTRATOR, both.person)
    assert await _create(api, both, tree.branch) == ""


async def test_a_new_subaccount_gets_its_first_key_all_the_same(api: Api, world: World) -> None:
    """R6."""
    tree = await _tree(api, world)
    values = {"parentId": tree.branch.id, "name": "New", "idempotencyKey": "new"}
    made = await done(api, "subaccountCreate", tree.below, "secret apiKey { name }", **values)
    assert made["secret"]


async def test_it_is_set_in_the_master_account_and_seen_in_all(api: Api, world: World) -> None:
    tree = await _tree(api, world)
    before = await world.state(tree.master)
    setting = {"accountId": tree.branch.id, "expectedVersion": 1, "apiKeyCreation": "ANYWHERE"}
    for caller in (tree.above, tree.below):
        refused = await attempt(api, "accountUpdate", caller, **setting)
        assert (refused.code, (refused.user_error or {})["field"]) == (
            "FAILED_PRECONDITION",
            ["input", "apiKeyCreation"],
        )
    blind = await world.api_key(tree.master, scopes=0b11)  # ACCOUNT_READ and ACCOUNT_WRITE
    before = await world.state(tree.master)
    own = {"accountId": tree.master.id, "expectedVersion": 2, "apiKeyCreation": "ANYWHERE"}
    denied = await attempt(api, "accountUpdate", blind, **own)
    assert (denied.user_error or {})["permission"] == "SETTINGS_WRITE"
    assert await world.state(tree.master) == before
    for caller in (tree.above, tree.below):
        seen = await api.read(_READ, caller, id=tree.branch.id)
        assert seen["account"] == {"apiKeyCreation": "MASTER_ONLY"}
