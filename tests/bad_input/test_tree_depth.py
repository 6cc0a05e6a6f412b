"""How deep accounts can be nested: 32 below the master account, and no deeper."""

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import DEPTH_LIMIT
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.world import World


async def test_a_tree_ends_at_its_depth_limit(api: Api, world: World) -> None:
    deepest = master = await world.account()
    for _ in range(DEPTH_LIMIT - 1):
        deepest = await world.account(deepest)
    owner = await world.member(master, BuiltinRole.OWNER)
    selection = "account { id ancestors { id } }"
    new = {"name": "New", "idempotencyKey": "1"}
    last = await attempt(api, "subaccountCreate", owner, selection, parentId=deepest.id, **new)
    assert last.done
    ancestors = [account["id"] for account in last.payload["account"]["ancestors"]]
    assert len(ancestors) == DEPTH_LIMIT == 32
    assert (ancestors[0], ancestors[-1]) == (master.id, deepest.id)
    before = await world.state(master)
    for key in ("1", "2"):
        too_deep = await attempt(
            api,
            "subaccountCreate",
            owner,
            selection,
            parentId=last.payload["account"]["id"],
            name="Too deep",
            idempotencyKey=key,
        )
        assert too_deep.code == "TREE_TOO_DEEP"
        assert too_deep.user_error is not None
        assert too_deep.user_error["field"] == ["input", "parentId"]
    assert await world.state(master) == before
