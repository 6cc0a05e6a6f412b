"""What callers may spend on requests, and what they are told of it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import RateLimited
from engine.limits.operation import CHANGE_COST, COST_LIMIT
from engine.writes.sessions import WriteSessions
from models.base.ids import Kind, new_id, present
from models.effects.cost_budgets import cost_budgets
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.fairness import cost_budgets as fairness
from server.fairness.cost_budgets import OF_A_PRINCIPAL, PORTIONS, Allowance, CostBudgets
from server.fairness.gate import Caller, Side
from server.settings.settings import Settings
from server.start.app import create_app
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.client.places import new_place
from tests.server.fairness.spending import known_to, post, told_cost, until_known
from tests.server.start.processes import PATIENCE, running
from tests.world.world import PASSWORD, Member, World

_ITEMS = 100
_MANY = " ".join(f"a{number}: id" for number in range(100))
_PAGE = f"{{ viewer {{ accounts(first: {_ITEMS}) {{ nodes {{ {_MANY} }} }} }} }}"
_PAGE_COST = 3 + _ITEMS * 100
_RATE = 1_000
_NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"
_ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/graphql")


@pytest.fixture
async def owner(world: World) -> Member:
    return await world.member(await world.account(), BuiltinRole.OWNER)


@pytest.fixture
async def frugal(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Starlette]:
    """An application with the smallest budgets, which are restored slowly."""
    small = {"cost_limit": COST_LIMIT, "cost_restore_rate": _RATE}
    app = create_app(settings.model_copy(update=small), addresses.application)
    async with app.router.lifespan_context(app):
        yield app


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ viewer { id } }", 2),
        ("{ viewer { id } again: viewer { id } }", 4),
        ("{ viewer { id } __schema { queryType { name } } }", 3),
        ("{ viewer { accounts { nodes { members { totalCount } } } } }", 3 + 20 * 2),
        ("mutation { signOut { userErrors { code } } }", CHANGE_COST + 2),
    ],
    ids=["compiled", "twice", "reference", "denied", "mutation"],
)
async def test_each_answer_tells_what_it_cost(api: Api, world: World, query: str, cost: int) -> None:
    """As text, with errors, and from either executor."""
    analyst = await world.member(await world.account(), BuiltinRole.ANALYST)
    told = told_cost(await post(api, query, analyst))
    assert (told["requested"], told["limit"], told["restoreRate"]) == (cost, *OF_A_PRINCIPAL)
    assert told["remaining"] <= told["limit"] - cost


async def test_questions_about_the_schema_alone_cost_nothing(api: Api, owner: Member) -> None:
    """Their answers are kept."""
    response = await post(api, "{ __schema { queryType { name } } }", owner)
    assert (set(response.json()), "ratelimit" in response.headers) == ({"data"}, False)


async def test_what_is_left_goes_down_and_is_restored(frugal: Starlette, owner: Member) -> None:
    async with known_to(frugal, owner) as api:
        began = time.monotonic()
        first, second = [told_cost(await post(api, _PAGE, owner)) for _ in range(2)]
        restored = (time.monotonic() - began) * _RATE
        assert [first["requested"], second["requested"]] == [_PAGE_COST] * 2
        assert 0 <= second["remaining"] - (first["remaining"] - _PAGE_COST) <= restored + 1
        await asyncio.sleep(1)
        assert (
            told_cost(await post(api, "{ __typename }", owner))["remaining"]
            >= second["remaining"] + _RATE - 2
        )


async def test_a_budget_that_is_used_up_refuses_its_owner_alone(
    frugal: Starlette, owner: Member, world: World
) -> None:
    async with known_to(frugal, owner) as api:
        answered = 0
        while (response := await post(api, _PAGE, owner)).status_code == 200:
            answered += 1
        assert COST_LIMIT // _PAGE_COST - 1 <= answered <= COST_LIMIT // _PAGE_COST + 3
        left, (error,) = told_cost(response), response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (429, "RATE_LIMITED")
        assert int(response.headers["retry-after"]) == error["extensions"]["retryAfter"]
        missing = _PAGE_COST - left["remaining"]
        assert 0 <= error["extensions"]["retryAfter"] * _RATE - missing <= _RATE
        assert "data" not in response.json()
        # A refusal takes nothing, and what costs less than is left is answered.
        assert told_cost(await post(api, _PAGE, owner))["remaining"] >= left["remaining"]
        assert (await post(api, "{ viewer { id } }", owner)).status_code == 200
        other = await world.member(await world.account(), BuiltinRole.OWNER)
        assert (await post(api, _PAGE, other)).status_code == 200
        assert (await post(api, "{ viewer { id } }")).status_code == 200


async def test_a_mutation_beyond_the_budget_changes_nothing(frugal: Starlette, owner: Member) -> None:
    account = owner.account.id
    members = "members(first: 100) { nodes { " + _MANY + " } }"
    change = f'accountUpdate(input: {{accountId: "{account}", expectedVersion: 1, name: "New"}})'
    mutation = f"mutation {{ {change} {{ account {{ {members} }} userErrors {{ code }} }} }}"
    name = f'{{ account(id: "{account}") {{ name }} }}'
    async with known_to(frugal, owner) as api:
        before = await api.read(name, owner)
        # The small one leaves less than a fifth of what the change needs, which takes seconds to be restored.
        small = f'{{ account(id: "{account}") {{ members(first: 20) {{ nodes {{ {_MANY} }} }} }} }}'
        for query in (_PAGE, small):
            while (await post(api, query, owner)).status_code == 200:
                pass
        refused = await post(api, mutation, owner)
        assert (refused.status_code, told_cost(refused)["requested"]) == (429, CHANGE_COST + 5 + 10_000)
        assert await api.read(name, owner) == before


async def test_all_sessions_of_a_person_have_one_budget(frugal: Starlette, owner: Member) -> None:
    async with known_to(frugal, owner) as api:
        sign_in = {"email": owner.person.email, "password": PASSWORD}
        token = (await api.change("signIn", None, "token", **sign_in))["token"]
        narrowing = {
            "accountIds": [owner.account.id],
            "permissions": ["ACCOUNT_READ"],
            "expiresInMinutes": 5,
            "audience": "Widget",
        }
        narrowed = (await api.change("tokenNarrow", owner, "token", **narrowing))["token"]
        for other in (_Token(token), _Token(narrowed)):
            await until_known(api, other)
            first = told_cost(await post(api, _PAGE, owner))["remaining"]
            assert (
                told_cost(await post(api, "{ viewer { id } }", other))["remaining"] < first + _PAGE_COST // 2
            )


class _Token:
    def __init__(self, token: str) -> None:
        self.token = token


async def test_callers_without_a_token_count_by_their_place(frugal: Starlette) -> None:
    many = "{ " + " ".join(f"a{number}: __typename" for number in range(100)) + " }"
    async with Api.of(frugal, new_place()) as api, Api.of(frugal, new_place()) as elsewhere:
        for _ in range(20):
            await post(api, many)
        last = await post(api, "{ __typename }")
        assert '"place"' in last.headers["ratelimit"]
        assert told_cost(last)["remaining"] < COST_LIMIT - 500
        assert told_cost(await post(elsewhere, "{ __typename }"))["remaining"] == COST_LIMIT - 1


async def test_foreign_and_missing_ids_cost_the_same(api: Api, owner: Member, world: World) -> None:
    ids = (await world.account()).id, present(Kind.ACCOUNT, new_id())
    asked = [f'{{ account(id: "{id_}") {{ name }} node(id: "{id_}") {{ id }} }}' for id_ in ids]
    costs = [told_cost(await post(api, query, owner))["requested"] for query in asked]
    assert costs == [4, 4]


@pytest.mark.parametrize(
    "query",
    [
        "{ unknown }",
        "{ viewer ",
        _PAGE.replace(_MANY, "...F")
        + " fragment F on Account { shares { nodes { accounts { shares { nodes { accounts { id } } } } } } }",
    ],
)
async def test_what_is_refused_before_it_runs_costs_nothing(
    frugal: Starlette, owner: Member, query: str
) -> None:
    async with known_to(frugal, owner) as api:
        before = told_cost(await post(api, "{ __typename }", owner))["remaining"]
        refused = await post(api, query, owner)
        assert refused.json()["errors"]
        assert "extensions" not in refused.json()
        assert told_cost(await post(api, "{ __typename }", owner))["remaining"] >= before - 1


# Processes that share one database, without HTTP.


@pytest.fixture
async def sessions(addresses: DatabaseAddresses) -> AsyncIterator[WriteSessions]:
    engine = connect_as_application(addresses.application, 4)
    yield WriteSessions(engine)
    await engine.dispose()


Process = Callable[..., CostBudgets]


@pytest.fixture
async def process(sessions: WriteSessions) -> AsyncIterator[Process]:
    """Makes processes, which end with the test: each tells within a minute what was spent."""
    made: list[CostBudgets] = []

    def make(*allowances: Allowance) -> CostBudgets:
        made.append(CostBudgets(sessions, *allowances))
        return made[-1]

    yield make
    for each in made:
        await each.close()


def _somebody() -> Caller:
    return (Side.PRINCIPAL, new_id()), (Side.PLACE, new_place())


def _key_of(tree: object) -> Caller:
    return (Side.PRINCIPAL, new_id()), (Side.TREE, tree), (Side.PLACE, new_place())


async def _spend(budgets: CostBudgets, caller: Caller, cost: int) -> int:
    """As much as the budgets let through."""
    spent = 0
    try:
        while True:
            await budgets.charge(caller, cost)
            spent += cost
    except RateLimited:
        return spent


@pytest.mark.parametrize("cost", [7, 3_000, 60_000])
async def test_processes_that_race_give_little_more_than_the_budget(process: Process, cost: int) -> None:
    """At most a portion, or one request, of each process."""
    allowance, caller = Allowance(400_000, _RATE), _somebody()
    processes = [process(allowance) for _ in range(4)]
    began = time.monotonic()
    spent = await asyncio.gather(*[_spend(each, caller, cost) for each in processes for _ in range(3)])
    restored = (time.monotonic() - began) * _RATE
    rest = len(processes) * max(allowance.limit // PORTIONS, cost)
    assert allowance.limit - cost <= sum(spent) <= allowance.limit + rest + restored
    for each in processes:
        await each.close()
    late = process(allowance)
    assert await _spend(late, caller, cost) <= max(allowance.limit // PORTIONS, cost) + restored + _RATE * 5


async def test_keys_of_one_tree_share_its_budget(process: Process) -> None:
    tree = new_id()
    budgets = process(Allowance(1_000_000, _RATE), Allowance(400_000, _RATE))
    assert await _spend(budgets, _key_of(tree), 10_000) >= 400_000
    assert await _spend(budgets, _key_of(tree), 10_000) == 0
    assert await _spend(budgets, _key_of(new_id()), 10_000) >= 400_000


async def test_who_spends_little_is_told_of_once_a_minute(
    process: Process, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And all together."""
    callers = [_somebody() for _ in range(3)]
    budgets = process()
    for _ in range(1_000):
        for caller in callers:
            assert budgets.charge_at_once(caller, 100)
    await asyncio.sleep(0.2)
    assert await _levels(database, callers) == []
    await budgets.close()
    most = OF_A_PRINCIPAL.limit
    levels = await _levels(database, callers)
    assert levels == [most - 100_000] * 3
    monkeypatch.setattr(fairness, "_SOON_SECONDS", 0.05)
    again = process()
    await again.charge(callers[0], 1)
    await asyncio.sleep(0.5)
    (told,) = await _levels(database, callers[:1])
    assert levels[0] - 1 < told <= most - 1


async def _levels(database: AsyncEngine, callers: list[Caller]) -> list[int]:
    subjects = [f"principal {caller[0][1]}" for caller in callers]
    found = select(cost_budgets.c.level).where(cost_budgets.c.subject.in_(subjects))
    async with database.connect() as connection:
        return list((await connection.execute(found)).scalars())


async def test_without_the_database_each_process_goes_by_its_own_picture() -> None:
    engine = connect_as_application(_NOBODY, 1)
    allowance = Allowance(400_000, _RATE)
    budgets = CostBudgets(WriteSessions(engine), allowance)
    assert 400_000 <= await _spend(budgets, _somebody(), 5_000) <= 400_000 + 60 * _RATE
    await budgets.close()
    await engine.dispose()


@by_night_alone
async def test_two_servers_share_a_budget(
    addresses: DatabaseAddresses, owner: Member, tmp_path: Path
) -> None:
    """Real ones, and one of them is killed."""
    small = {
        "DATABASE_URL": addresses.application,
        "PORT": "0",
        "MANDANT_COST_LIMIT": str(COST_LIMIT),
        "MANDANT_COST_RESTORE_RATE": str(_RATE),
    }
    with ExitStack() as stack:
        servers = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            servers.append(stack.enter_context(running(tmp_path / name, "serve", **small)))
        apis = []
        for server in servers:
            found = _ADDRESS.search(await asyncio.to_thread(server.wait_for, "/graphql"))
            assert found is not None
            apis.append(Api(httpx.AsyncClient(base_url=found.group(1), timeout=PATIENCE)))
            await until_known(apis[-1], owner)
        spent = 0
        while (await post(apis[0], _PAGE, owner)).status_code == 200:
            spent += 1
        assert spent >= COST_LIMIT // _PAGE_COST - 1
        servers[0].process.kill()
        few = 0
        while (response := await post(apis[1], _PAGE, owner)).status_code == 200:
            few += 1
        assert few <= 2
        assert told_cost(response)["remaining"] < _PAGE_COST
        for api in apis:
            await api.http.aclose()
