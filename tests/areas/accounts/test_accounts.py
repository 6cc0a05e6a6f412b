"""Reading accounts: what the tree shows to whom."""

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.world.world import World


async def test_administrators_reach_down_and_nobody_reaches_up(api: Api, world: World) -> None:
    """R45, T3: power flows down the tree, and only down."""
    master = await world.account()
    child = await world.account(master)
    grandchild = await world.account(child)
    above = await world.member(master, BuiltinRole.ADMINISTRATOR)
    below = await world.member(child, BuiltinRole.ADMINISTRATOR)
    query = "{ viewer { accounts { totalCount nodes { id parent { id } } } } }"
    seen_from_above = await api.read(query, above)
    seen_from_below = await api.read(query, below)
    assert seen_from_above["viewer"]["accounts"] == {
        "totalCount": 3,
        "nodes": [
            {"id": master.id, "parent": None},
            {"id": child.id, "parent": {"id": master.id}},
            {"id": grandchild.id, "parent": {"id": child.id}},
        ],
    }
    assert seen_from_below["viewer"]["accounts"] == {
        "totalCount": 2,
        "nodes": [{"id": child.id, "parent": None}, {"id": grandchild.id, "parent": {"id": child.id}}],
    }
