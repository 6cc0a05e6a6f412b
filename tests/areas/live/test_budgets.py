"""Each answer of a subscription costs what the same query costs. Where nothing is left, it waits."""

from collections.abc import Iterator
from time import monotonic
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from authz.policy.builtin_roles import BuiltinRole
from engine.limits.operation import COST_LIMIT
from models.campaigns.tables import CampaignStatus, campaigns
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.live.serving import PATIENCE, Served, serving, signed_in
from tests.areas.live.test_events import change
from tests.client.api import Api
from tests.world.campaigns import campaign_id, give_campaign
from tests.world.world import Account, ApiKey, Member, World

_RATE = 20_000
"""Of a budget, restored each second."""
_WIDE = " ".join(f"a{number}: id" for number in range(50))
_EVENTS = f"subscription ($id: ID!) {{ events(accountId: $id, first: 1000) {{ nodes {{ {_WIDE} }} }} }}"
_COST = 50_000
_PAGE = f"{{ viewer {{ accounts(first: 100) {{ nodes {{ {_WIDE} }} }} }} }}"


@pytest.fixture
def frugal(settings: Settings, addresses: DatabaseAddresses) -> Iterator[Served]:
    small = {"cost_limit": COST_LIMIT, "cost_restore_rate": _RATE}
    with serving(settings.model_copy(update=small), addresses.application) as served:
        yield served


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def key(world: World, account: Account) -> ApiKey:
    return await world.api_key(account, BuiltinRole.ADMINISTRATOR)


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    return await world.member(account, BuiltinRole.OWNER)


async def test_an_answer_costs_as_the_query_does(
    frugal: Served, api: Api, account: Account, key: ApiKey, owner: Member
) -> None:
    async with signed_in(frugal, key) as socket, _asking(frugal, key) as http:
        await socket.subscribe("1", _EVENTS, id=account.id)
        assert await socket.silent(1.0)
        before = await _left(http)
        # Nothing changes, so nothing is read, and nothing is charged.
        assert await socket.silent(2.0)
        assert await _left(http) >= before
        await change(api, owner, account, "x")
        cost = (await socket.next_of("1"))["extensions"]["cost"]
        assert (_COST < cost["requested"] < _COST + 10, cost["limit"]) == (True, COST_LIMIT)
        assert cost["remaining"] <= COST_LIMIT - _COST


async def test_what_is_left_alone_is_nothing_to_be_told(
    frugal: Served, world: World, account: Account, owner: Member
) -> None:
    key = await give_campaign(world, account, status=CampaignStatus.SENDING)
    async with signed_in(frugal, owner) as socket:
        query = "subscription ($id: ID!) { campaign(id: $id) { name messages } }"
        await socket.subscribe("1", query, id=campaign_id(key))
        first = await socket.next_of("1")
        await _change(world, key, reached=1)
        assert await socket.silent(2.5), "the same is not told again"
        await _change(world, key, messages=7)
        second = await socket.next_of("1")
        assert second["data"]["campaign"]["messages"] == 7
        assert "remaining" in first["extensions"]["cost"]


async def _change(world: World, key: UUID, **values: object) -> None:
    async with world.database.begin() as connection:
        await connection.execute(update(campaigns).where(campaigns.c.id == key).values(**values))


async def test_where_nothing_is_left_it_is_told_later(
    frugal: Served, api: Api, account: Account, key: ApiKey, owner: Member
) -> None:
    """And what begins then is refused, with its code."""
    async with signed_in(frugal, key) as socket, _asking(frugal, key) as http:
        await socket.subscribe("1", _EVENTS, id=account.id)
        assert await socket.silent(1.0)
        while (await _ask(http, _PAGE)).status_code == 200:
            pass
        await socket.subscribe("2", _EVENTS, id=account.id)
        (refused,) = await socket.next_of("2", "error")
        assert refused["extensions"]["code"] == "RATE_LIMITED"
        await change(api, owner, account, "x")
        began = monotonic()
        told = await socket.next_of("1")
        assert len(told["data"]["events"]["nodes"]) == 1
        assert monotonic() - began > 1.0


def _asking(served: Served, key: ApiKey) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {key.token}", "accept": "application/json"}
    return httpx.AsyncClient(base_url=f"http://{served.address}", headers=headers, timeout=PATIENCE)


async def _ask(http: httpx.AsyncClient, query: str) -> httpx.Response:
    return await http.post("/graphql", json={"query": query})


async def _left(http: httpx.AsyncClient) -> int:
    found: int = (await _ask(http, "{ viewer { id } }")).json()["extensions"]["cost"]["remaining"]
    return found
