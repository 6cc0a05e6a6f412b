"""Finding things by their global ids."""

import uuid
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS
from tests.engine.paths import Path
from tests.engine.scene import Scene, make_scene
from tests.world.world import World

_NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
_NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"


@pytest.fixture(scope="module")
async def scene(database: AsyncEngine) -> Scene:
    return await make_scene(World(database), 2, 2)


def _each_kind(scene: Scene) -> dict[str, str]:
    """An id of each kind, and the type it stands for."""
    return {
        scene.children[0].id: "Account",
        scene.owner.person.id: "User",
        scene.member_ids[0]: "Member",
        f"{scene.owner.id}_{scene.children[0].key}": "Member",
        ROLE_IDS[BuiltinRole.ANALYST]: "Role",
        scene.invitation_ids[0]: "Invitation",
        scene.key_ids[0]: "ApiKey",
        scene.event_ids[0]: "Event",
    }


async def _nodes(api: Api, caller: Caller, ids: list[str]) -> list[Any]:
    found: list[Any] = (await api.read(_NODES, caller, ids=ids))["nodes"]
    return found


async def test_ids_of_all_kinds_are_found_in_their_order(api: Api, scene: Scene) -> None:
    kinds = _each_kind(scene)
    unknown = present(Kind.ACCOUNT, uuid.uuid4())
    ids = [*kinds, unknown, *reversed(kinds), "nonsense", scene.children[0].id]
    expected = [{"__typename": kinds[id_], "id": id_} if id_ in kinds else None for id_ in ids]
    assert await _nodes(api, scene.owner, ids) == expected


@pytest.mark.parametrize("path", Path)
async def test_one_id_of_each_kind_is_found(api: Api, scene: Scene, path: Path) -> None:
    for id_, type_name in _each_kind(scene).items():
        found = await api.read(path.of(_NODE), scene.owner, id=id_)
        assert found["node"] == {"__typename": type_name, "id": id_}


async def test_a_hundred_ids_and_no_more(api: Api, scene: Scene) -> None:
    hundred = await _nodes(api, scene.owner, [scene.children[0].id] * 100)
    assert hundred == [{"__typename": "Account", "id": scene.children[0].id}] * 100
    answer = await api.ask(_NODES, scene.owner, ids=[scene.children[0].id] * 101)
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])
    assert await _nodes(api, scene.owner, []) == []


@pytest.mark.parametrize("path", Path)
async def test_one_prefix_is_one_type(api: Api, scene: Scene, path: Path) -> None:
    """A key's number behind an account's prefix finds neither."""
    number = scene.key_ids[0].partition("_")[2]
    for kind in Kind:
        found = await api.read(path.of(_NODE), scene.owner, id=f"{kind}_{number}")
        assert (found["node"] is not None) == (kind is Kind.API_KEY)


@pytest.mark.parametrize("path", Path)
async def test_aliases_of_one_field_have_arguments_of_their_own(api: Api, scene: Scene, path: Path) -> None:
    query = """
    query ($one: ID!, $two: ID!) {
      one: account(id: $one) {
        id
        can: viewerCan(permission: ACCOUNT_READ)
        cannot: viewerCan(permission: ACCOUNT_SUSPEND)
      }
      two: account(id: $two) {
        id
        first: members(first: 1) { nodes { id } }
        last: members(last: 1) { nodes { id } }
        none: members(first: 0) { totalCount nodes { id } }
      }
    }
    """
    found = await api.read(path.of(query), scene.owner, one=scene.master.id, two=scene.children[0].id)
    assert found["one"] == {"id": scene.master.id, "can": True, "cannot": False}
    assert found["two"] == {
        "id": scene.children[0].id,
        "first": {"nodes": [{"id": scene.member_ids[0]}]},
        "last": {"nodes": [{"id": scene.member_ids[1]}]},
        "none": {"totalCount": 2, "nodes": []},
    }
