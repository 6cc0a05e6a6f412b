"""How the settings of two accounts differ (N15)."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.settings.tables import SettingName
from resolvers.settings.values import QuietHours
from tests.client.api import Api
from tests.engine.paths import Path
from tests.world.brand import Brand
from tests.world.settings import set_function, set_setting
from tests.world.world import World

QUERY = """query ($a: ID!, $b: ID!, $after: String) { settingsDiff(a: $a, b: $b) { a { id } b { id }
  differences(first: 2, after: $after) { totalCount pageInfo { endCursor } nodes { setting function
    a { value origin inheritedFrom { id } copiedFrom { id } }
    b { value origin inheritedFrom { id } copiedFrom { id } copiedAt } } } } }"""


@pytest.mark.parametrize("path", Path)
async def test_only_values_that_differ_are_listed(path: Path, api: Api, brand: Brand, world: World) -> None:
    """Each with where it comes from on both sides."""
    await set_setting(world, brand.master, SettingName.LANGUAGE, "de")
    await set_setting(world, brand.us, SettingName.LANGUAGE, "de")
    await set_setting(world, brand.us, SettingName.QUIET_HOURS, QuietHours("22:00", "06:00"))
    await set_setting(world, brand.uk, SettingName.TIME_ZONE, "Europe/London", copied_from=brand.master)
    await set_function(world, brand.master, "greeting", "Hello")
    await set_function(world, brand.us, "greeting", "Howdy")
    await set_function(world, brand.us, "sign", "Tom")
    nodes, after = [], None
    for _ in range(2):
        ids = {"a": brand.store.id, "b": brand.uk.id}
        found = (await api.read(path.of(QUERY), brand.owner, **ids, after=after))["settingsDiff"]
        assert (found["a"], found["b"]) == ({"id": brand.store.id}, {"id": brand.uk.id})
        assert found["differences"]["totalCount"] == 4
        nodes += found["differences"]["nodes"]
        after = found["differences"]["pageInfo"]["endCursor"]
    names = [(node["setting"], node["function"], node["a"]["value"], node["b"]["value"]) for node in nodes]
    assert names == [
        ("FIELD_FUNCTIONS", "greeting", "Howdy", "Hello"),
        ("FIELD_FUNCTIONS", "sign", "Tom", None),
        ("QUIET_HOURS", None, {"start": "22:00", "end": "06:00"}, None),
        ("TIME_ZONE", None, "UTC", "Europe/London"),
    ]
    assert nodes[0]["a"] | nodes[0]["b"] | {"copiedAt": None} == {
        "value": "Hello",
        "origin": "INHERITED",
        "inheritedFrom": {"id": brand.master.id},
        "copiedFrom": None,
        "copiedAt": None,
    }
    assert nodes[3]["a"]["origin"] == "PLATFORM"
    assert (nodes[3]["b"]["origin"], nodes[3]["b"]["copiedFrom"]) == ("COPIED", {"id": brand.master.id})


async def test_two_accounts_of_different_trees_are_compared(api: Api, brand: Brand, world: World) -> None:
    other = await world.account()
    await world.member(other, BuiltinRole.ADMINISTRATOR, brand.owner.person)
    await set_setting(world, other, SettingName.LANGUAGE, "fr")
    found = (await api.read(QUERY, brand.owner, a=brand.us.id, b=other.id))["settingsDiff"]
    (node,) = found["differences"]["nodes"]
    assert (node["a"]["value"], node["b"]["value"]) == ("en", "fr")


async def test_both_accounts_need_the_right(api: Api, brand: Brand, world: World) -> None:
    """Whichever side it lacks on."""
    member = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await world.member(brand.uk, BuiltinRole.MARKETER, member.person)
    for one in (brand.uk, brand.master):
        for ids in ({"a": one.id, "b": brand.us.id}, {"a": brand.us.id, "b": one.id}):
            answer = await api.ask(QUERY, member, **ids)
            assert (answer.data, answer.codes) == ({"settingsDiff": None}, ["NOT_FOUND"])
