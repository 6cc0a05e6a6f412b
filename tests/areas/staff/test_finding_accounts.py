"""Platform staff find accounts in all trees, page by page (R88)."""

import uuid
from typing import Any

import pytest
from sqlalchemy import ARRAY, Uuid, func, insert, literal, select, true, update

from authz.policy.builtin_roles import BuiltinRole
from authz.wall.staff_door import MOST_COUNTED
from models.accounts.tables import AccountStatus, accounts
from models.base.ids import Kind, new_id, present
from tests.areas.second_factor.requiring import require_factor
from tests.client.api import Api, Caller
from tests.engine.paths import Path
from tests.world.brand import Brand
from tests.world.staff import dismiss, staff_member
from tests.world.world import Account, World

_PAGE = """query ($search: String!, $first: Int, $after: String, $last: Int, $before: String) {
  staff { accounts(search: $search, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { id name externalId status } edges { cursor }
    pageInfo { hasNextPage hasPreviousPage }
  } }
}"""


async def _found(api: Api, caller: Caller, path: Path, search: str, **page: Any) -> Any:
    return (await api.read(path.of(_PAGE), caller, search=search, **page))["staff"]["accounts"]


async def _names(api: Api, caller: Caller, path: Path, search: str, **page: Any) -> list[str]:
    return [node["name"] for node in (await _found(api, caller, path, search, **page))["nodes"]]


async def _bear(world: World, external_id: str, *of: Account) -> None:
    these = accounts.c.id.in_([account.key for account in of])
    async with world.database.begin() as connection:
        await connection.execute(update(accounts).where(these).values(external_id=external_id))


@pytest.mark.parametrize("path", Path)
async def test_by_id_external_id_owner_and_name(api: Api, world: World, path: Path) -> None:
    """In any tree, at any depth and in any status; each in its complete form, but for the name."""
    agent, mark = await staff_member(world), uuid.uuid4().hex
    one, other = await world.account(name=f"{mark} Árbol"), await world.account(name=f"{mark} Zoo")
    below = await world.account(other, f"Inner {mark}")
    await world.set_status(other, AccountStatus.SUSPENDED)
    await _bear(world, f"crm-{mark}", one, below)
    assert await _names(api, agent, path, below.id) == [below.name]
    assert await _names(api, agent, path, f" {below.id}\n") == [below.name]
    assert await _names(api, agent, path, f"crm-{mark}") == [one.name, below.name]
    assert await _names(api, agent, path, f"CRM-{mark}") == []
    assert await _names(api, agent, path, mark) == [one.name, other.name]
    assert await _names(api, agent, path, f"{mark.upper()} arb") == [one.name]
    assert await _names(api, agent, path, f"inner {mark}") == [below.name]
    for nothing in (present(Kind.ACCOUNT, new_id()), f"nner {mark}", "%", f"{mark}%", "nobody@example.com"):
        assert mark not in str(await _names(api, agent, path, nothing))
    (shown,) = (await _found(api, agent, path, below.id))["nodes"]
    assert shown == {
        "id": below.id,
        "name": below.name,
        "externalId": f"crm-{mark}",
        "status": "SUSPENDED",
    }


@pytest.mark.parametrize("path", Path)
async def test_by_the_address_of_the_owner(api: Api, world: World, brand: Brand, path: Path) -> None:
    """As it is compared, and not of others who are in the account."""
    agent = await staff_member(world)
    owner = (await world.member(brand.us, BuiltinRole.OWNER)).person
    analyst = await world.member(brand.us, BuiltinRole.ANALYST)
    assert await _names(api, agent, path, owner.email) == [brand.us.name]
    assert await _names(api, agent, path, f" {owner.email.upper()}") == [brand.us.name]
    for other in (analyst.person.email, owner.email[1:], owner.email[:-1]):
        assert await _names(api, agent, path, other) == []


@pytest.mark.parametrize("path", Path)
async def test_pages_in_both_directions(api: Api, world: World, path: Path) -> None:
    """By name, and then by age; each account once, also where it is found in two ways."""
    agent, mark = await staff_member(world), uuid.uuid4().hex
    names = [f"{mark} b", f"{mark} A", f"{mark} a", f"{mark} ç", f"{mark} d"]
    made = [await world.account(name=name) for name in names]
    await _bear(world, mark, *made[:2])
    ordered = [made[1], made[2], made[0], made[3], made[4]]
    ids = [account.id for account in ordered]
    forward: list[str] = []
    page: dict[str, Any] = {"first": 2}
    while True:
        found = await _found(api, agent, path, mark, **page)
        assert found["totalCount"] == 5
        forward += [node["id"] for node in found["nodes"]]
        if not found["pageInfo"]["hasNextPage"]:
            break
        page["after"] = found["edges"][-1]["cursor"]
    assert forward == ids
    backward: list[str] = []
    page = {"last": 2}
    while True:
        found = await _found(api, agent, path, mark, **page)
        backward = [node["id"] for node in found["nodes"]] + backward
        if not found["pageInfo"]["hasPreviousPage"]:
            break
        page["before"] = found["edges"][0]["cursor"]
    assert backward == ids


@pytest.mark.parametrize("path", Path)
async def test_a_count_stops(api: Api, world: World, path: Path) -> None:
    """The pages go on behind it."""
    agent, mark = await staff_member(world), uuid.uuid4().hex
    model = await world.account(name=mark)
    await _copies(world, model, MOST_COUNTED - 2)
    assert (await _found(api, agent, path, mark))["totalCount"] == MOST_COUNTED - 1
    await _copies(world, model, 2)
    last = await _found(api, agent, path, mark, last=1)
    assert last["totalCount"] == MOST_COUNTED
    assert last["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}
    before = await _found(api, agent, path, mark, last=100, before=last["edges"][0]["cursor"])
    assert len(before["nodes"]) == 100


async def _copies(world: World, model: Account, many: int) -> None:
    """More master accounts of its name."""
    copied = [column for column in accounts.c if column.name not in ("id", "master_id", "external_id")]
    made = func.unnest(literal([new_id() for _ in range(many)], ARRAY(Uuid)))
    fresh = select(made.label("id")).subquery()
    source = select(fresh.c.id, fresh.c.id.label("master_id"), *copied)
    rows = source.select_from(accounts.join(fresh, true())).where(accounts.c.id == model.key)
    names = ["id", "master_id", *(column.name for column in copied)]
    async with world.database.begin() as connection:
        await connection.execute(insert(accounts).from_select(names, rows, include_defaults=False))


@pytest.mark.parametrize("path", Path)
async def test_what_is_no_search_or_no_page_is_refused(api: Api, world: World, path: Path) -> None:
    agent = await staff_member(world)
    assert await _names(api, agent, path, "") == await _names(api, agent, path, "  ") == []
    for values in ({"search": "x" * 201}, {"search": "a", "after": "nonsense"}):
        answer = await api.ask(path.of(_PAGE), agent, **values)
        assert answer.codes == ["BAD_USER_INPUT"], values


@pytest.mark.parametrize("path", Path)
async def test_nobody_else_finds_anything(api: Api, world: World, brand: Brand, path: Path) -> None:
    """Also not in the caller's own tree, or once dismissed."""
    former = await staff_member(world)
    await dismiss(world, former)
    for caller in (brand.owner, former, await world.api_key(brand.master)):
        answer = await api.read(path.of(_PAGE), caller, search=brand.master.id)
        assert answer["staff"] is None


@pytest.mark.parametrize("path", Path)
async def test_a_required_second_factor_hides_what_the_session_may_not_see(
    api: Api, world: World, brand: Brand, path: Path
) -> None:
    agent = await staff_member(world)
    assert await _names(api, agent, path, brand.us.id) == [brand.us.name]
    await require_factor(world, brand.master)
    assert await _names(api, agent, path, brand.us.id) == []
