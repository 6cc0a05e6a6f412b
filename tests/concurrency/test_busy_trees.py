"""Many write in one tree: they wait for each other, nobody else for them, and nothing is done twice."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

import server.database.connections
from authz.policy.builtin_roles import BuiltinRole
from engine.database import turns
from engine.database.turns import Turns
from models.accounts.tables import accounts
from models.api_keys.tables import api_keys
from models.effects.attempts import attempts
from models.effects.outbox import outbox_messages
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Attempt, attempt
from tests.client.places import new_place
from tests.concurrency.outcomes import locked_out
from tests.engine.statements import statements
from tests.waiting import until
from tests.world.brand import Brand, brand_of
from tests.world.plans import make_plan, subscribe
from tests.world.sends import booking, check_counts, reserve, used
from tests.world.world import Account, Member, World

Waiting = Callable[[int], Awaitable[bool]]

_CROWD = 24
_SHARE = 3
"""Of the ten connections."""

_names = itertools.count(1)

_RESERVE = """mutation ($input: SendReserveInput!) {
  sendReserve(input: $input) { userErrors { code message ... on Busy { retryAfter } } } }"""


@dataclass(frozen=True)
class Served:
    """An application, and clients of it at network addresses of their own: one may do little at once."""

    api: Api
    places: list[Api]


@asynccontextmanager
async def _served(addresses: DatabaseAddresses, settings: Settings, **limits: str) -> AsyncIterator[Served]:
    """The application as it is started, with a postman at work, on ten connections with these time-outs."""
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in limits.items():
            patch.setitem(server.database.connections._SETTINGS, name, limit)
        app = create_app(settings, addresses.application)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(app.router.lifespan_context(app))
            places = [await stack.enter_async_context(Api.of(app, new_place())) for _ in range(_CROWD)]
            yield Served(await stack.enter_async_context(Api.of(app)), places)


@pytest.fixture(scope="module")
async def served(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[Served]:
    """The application, which waits as long as a test takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "PATIENCE", 60.0)
        async with _served(addresses, settings, lock_timeout="60s", statement_timeout="60s") as found:
            yield found


@pytest.fixture
def api(served: Served) -> Api:
    """Its API."""
    return served.api


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """Whether so many wait for their turn at the moment."""
    now, wait = 0, Turns.wait

    async def counted(self: Turns, thing: Hashable) -> None:
        nonlocal now
        now += 1
        try:
            await wait(self, thing)
        finally:
            now -= 1

    async def are_waiting(number: int) -> bool:
        return now == number

    monkeypatch.setattr(Turns, "wait", counted)
    return are_waiting


@asynccontextmanager
async def _held(database: AsyncEngine, account: Account) -> AsyncIterator[None]:
    """Somebody else is at work on the account."""
    row = select(accounts.c.id).where(accounts.c.master_id == account.master, accounts.c.id == account.key)
    async with database.connect() as holder:
        await holder.execute(row.with_for_update())
        yield


@dataclass(frozen=True)
class Crowd:
    """A tree, and many who may send from one account of it."""

    brand: Brand
    people: list[Member]

    def send(self, served: Served, number: int = _CROWD) -> list[asyncio.Task[Attempt]]:
        """So many of them at once, each to somebody else, each from another place."""
        return [
            asyncio.create_task(reserve(api, person, self.brand.us, f"n{next(_names)}"))
            for api, person in list(zip(served.places, self.people, strict=True))[:number]
        ]


async def _crowd(world: World) -> Crowd:
    brand = await _sending(world)
    return Crowd(brand, [await world.member(brand.us, BuiltinRole.MARKETER) for _ in range(_CROWD)])


async def _sending(world: World) -> Brand:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world, active_contacts=100, sends=1000))
    return brand


async def _share_is_used_up(database: AsyncEngine) -> bool:
    return await locked_out(database) == _SHARE


async def _check_sent(api: Api, database: AsyncEngine, brand: Brand, found: list[Attempt]) -> None:
    """Each was done, and once."""
    assert [one.code for one in found] == [""] * len(found)
    assert await used(api, brand.owner, brand.us) == (len(found), len(found))
    await check_counts(database, brand.master)
    assert len(await events_of(api, brand.owner, brand.us.id, "SEND_RESERVED")) == len(found)


async def test_others_write_beside_a_crowd(
    served: Served, api: Api, world: World, database: AsyncEngine
) -> None:
    crowd, other = await _crowd(world), await _sending(world)
    with capture_logs() as lines:
        sending = crowd.send(served)
        beside = [await reserve(api, other.owner, other.us, f"n{number}") for number in range(5)]
        found = await asyncio.gather(*sending)
    await _check_sent(api, database, other, beside)
    await _check_sent(api, database, crowd.brand, found)
    assert [line for line in lines if line["log_level"] != "info" and line["event"] != "slow operation"] == []


async def test_while_a_tree_is_locked_others_write_and_mail_goes_out(
    served: Served, api: Api, world: World, database: AsyncEngine, waiting: Waiting
) -> None:
    crowd, other = await _crowd(world), await _sending(world)
    invited = await world.person()
    async with _held(database, crowd.brand.master):
        sending = crowd.send(served)
        await until(lambda: waiting(_CROWD - _SHARE))
        await until(lambda: _share_is_used_up(database))
        assert (await reserve(api, other.owner, other.us, "ann")).done
        offer = {"accountId": other.us.id, "email": invited.email, "roleId": ROLE_IDS[BuiltinRole.MARKETER]}
        made = await attempt(api, "memberInvite", other.owner, **offer, idempotencyKey="1")
        assert made.done, made
        await until(lambda: _mailed(database, invited.email))
        assert not any(task.done() for task in sending)
    await _check_sent(api, database, crowd.brand, await asyncio.gather(*sending))


async def _mailed(database: AsyncEngine, email: str) -> bool:
    tried = select(outbox_messages.c.attempts).where(outbox_messages.c.recipient == email)
    async with database.connect() as connection:
        return (await connection.execute(tried)).scalars().all() == [1]


async def test_what_was_begun_anew_is_done_once_and_counted_once(
    served: Served, api: Api, world: World, database: AsyncEngine, waiting: Waiting
) -> None:
    crowd = await _crowd(world)
    brand = crowd.brand
    wanted = {"accountId": brand.us.id, "name": "Shop", "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    async with _held(database, brand.master):
        sending = crowd.send(served, _SHARE)
        await until(lambda: _share_is_used_up(database))
        with statements() as sent:
            making = asyncio.create_task(attempt(api, "apiKeyCreate", brand.owner, "secret", **wanted))
        await until(lambda: waiting(1))
        assert _transactions(sent) == 2, "the one that counts it, and the one that has to wait"
    made = await making
    assert made.done, made
    assert _transactions(sent) == 3
    await _check_sent(api, database, brand, await asyncio.gather(*sending))
    counted = select(attempts.c.count).where(attempts.c.subject.contains(str(brand.owner.person.key)))
    keys = select(func.count()).where(api_keys.c.account_id == brand.us.key)
    async with database.connect() as connection:
        assert (await connection.execute(counted)).scalars().all() == [1]
        assert (await connection.execute(keys)).scalar_one() == 1
    assert len(await events_of(api, brand.owner, brand.us.id, "API_KEY_CREATED")) == 1


def _transactions(sent: list[str]) -> int:
    return sum(one in statement for statement in sent for one in ("mandant_door", "INSERT INTO attempts"))


async def test_the_same_request_that_waits_several_times_is_done_once(
    api: Api, world: World, database: AsyncEngine, waiting: Waiting
) -> None:
    brand = await _sending(world)
    async with _held(database, brand.master):
        sending = [
            asyncio.create_task(reserve(api, brand.owner, brand.us, "ann", key="one"))
            for _ in range(_SHARE + 1)
        ]
        await until(lambda: waiting(1))
    found = await asyncio.gather(*sending)
    assert sorted(one.payload["replayed"] for one in found) == [False, *[True] * _SHARE]
    assert await used(api, brand.owner, brand.us) == (1, 1)


async def test_clients_that_go_away_while_they_wait_leave_no_turn_taken(
    served: Served, api: Api, world: World, database: AsyncEngine, waiting: Waiting
) -> None:
    crowd = await _crowd(world)
    async with _held(database, crowd.brand.master):
        leaving = crowd.send(served)
        await until(lambda: waiting(_CROWD - _SHARE))
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        assert await waiting(0)
        later = crowd.send(served)
        await until(lambda: waiting(_CROWD - _SHARE))
    await _check_sent(api, database, crowd.brand, await asyncio.gather(*later))


async def test_whoever_is_refused_is_told_when_to_try_again_and_the_log_in_one_line(
    world: World,
    database: AsyncEngine,
    addresses: DatabaseAddresses,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who waited for a turn, and who had one and waited for the lock."""
    brand = await _sending(world)
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    with capture_logs() as lines:
        async with (
            _served(addresses, settings, lock_timeout="200ms") as served,
            _held(database, brand.master),
        ):
            answers = await asyncio.gather(
                *[
                    served.api.ask(_RESERVE, brand.owner, input=booking(brand.us, f"n{number}"))
                    for number in range(_SHARE + 1)
                ]
            )
    message = "Others are changing the same accounts; try again in 1 second."
    told = {"code": "BUSY", "message": message, "retryAfter": 1}
    assert [answer.data for answer in answers] == [{"sendReserve": {"userErrors": [told]}}] * len(answers)
    assert [line for line in lines if line["log_level"] != "info" and line["event"] != "slow operation"] == []
    told_of = [line.get("codes") for line in lines if line["event"] == "request"]
    assert told_of == [{"BUSY": 1}] * len(answers), lines
