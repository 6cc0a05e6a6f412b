"""What the process counts."""

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.world.world import World


async def _counted(api: Api, executor: str) -> float:
    response = await api.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    name = f'mandant_graphql_operations_total{{executor="{executor}"}} '
    return next(float(line[len(name) :]) for line in response.text.splitlines() if line.startswith(name))


async def test_operations_are_counted_by_the_executor_that_read(api: Api, world: World) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    before = [await _counted(api, executor) for executor in ("compiled", "reference")]
    await api.read("{ viewer { id } }", owner)
    await api.read("{ viewer { id } }", owner)
    await api.read("{ __typename __schema { queryType { name } } }", owner)
    after = [await _counted(api, executor) for executor in ("compiled", "reference")]
    assert [after[0] - before[0], after[1] - before[1]] == [2, 1]


async def test_answers_do_not_say_who_read_them(api: Api, world: World) -> None:
    """Only in debug mode they do (`tests/equality/test_payloads.py`)."""
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    response = await api.http.post(
        "/graphql", json={"query": "{ viewer { id } }"}, headers={"Authorization": f"Bearer {owner.token}"}
    )
    assert set(response.json()["extensions"]) == {"cost"}
