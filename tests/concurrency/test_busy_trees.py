"""Many write in one tree: they wait for each other, nobody else for them, and nothing is done twice."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

import server.database
from authz.builtin_roles import BuiltinRole
from engine import turns
from engine.turns import Turns
from models.accounts import accounts
from models.api_keys import api_keys
from models.attempts import attempts
from models.outbox import outbox_messages
from server.app import create_app
from server.embedded_postgres import DatabaseAddresses
from server.settings import Settings
from tests.api import Api
from tests.concurrency.outcomes import locked_out
from tests.engine.statements import statements
from tests.job_queue import until
from tests.plans import make_plan, subscribe
from tests.resolvers.log import events_of
from tests.resolvers.mutations import ROLE_IDS, Attempt, attempt
from tests.resolvers.sharing import Brand, brand_of
from tests.sends import booking, check_counts, reserve, used
from tests.world import Account, World

Waiting = Callable[[int], Awaitable[bool]]

_CROWD = 24
_SHARE = 3
"""Of the ten connections."""

_names = itertools.count(1)

_RESERVE = """mutation ($input: SendReserveInput!) {
  sendReserve(input: $input) { userErrors { code message ... on Busy { retryAfter } } } }"""


@asynccontextmanager
async def _served(addresses: DatabaseAddresses, settings: Settings, **limits: str) -> AsyncIterator[Api]:
    """The application as it is started, with a postman at work, on ten connections with these time-outs."""
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in limits.items():
            patch.setitem(server.database._SETTINGS, name, limit)
        app = create_app(settings, addresses.application)
        async with app.router.lifespan_context(app), Api.of(app) as found:
            yield found


@pytest.fixture(scope="module")
async def served(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[Api]:
    """The application, which waits as long as a test takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "PATIENCE", 60.0)
        async with _served(addresses, settings, lock_timeout="60s", statement_timeout="60s") as found:
            yield found


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


async def _sending(world: World) -> Brand:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world, active_contacts=100, sends=1000))
    return brand


async def _share_is_used_up(database: AsyncEngine) -> bool:
    return await locked_out(database) == _SHARE


def _crowd(served: Api, brand: Brand, number: int, key: str = "") -> list[asyncio.Task[Attempt]]:
    """So many at once who send something from one account."""
    return [
        asyncio.create_task(reserve(served, brand.owner, brand.us, f"{key or next(_names)}", key=key))
        for _ in range(number)
    ]


async def _check_sent(served: Api, database: AsyncEngine, brand: Brand, found: list[Attempt]) -> None:
    """Each was done, and once."""
    assert [one.code for one in found] == [""] * len(found)
    assert await used(served, brand.owner, brand.us) == (len(found), len(found))
    await check_counts(database, brand.master)
    assert len(await events_of(served, brand.owner, brand.us.id, "SEND_RESERVED")) == len(found)


async def test_others_write_beside_a_crowd(served: Api, world: World, database: AsyncEngine) -> None:
    brand, other = await _sending(world), await _sending(world)
    with capture_logs() as lines:
        crowd = _crowd(served, brand, _CROWD)
        beside = [await reserve(served, other.owner, other.us, f"n{number}") for number in range(5)]
        found = await asyncio.gather(*crowd)
    await _check_sent(served, database, other, beside)
    await _check_sent(served, database, brand, found)
    assert [line for line in lines if line["log_level"] != "info"] == []


async def test_while_a_tree_is_locked_others_write_and_mail_goes_out(
    served: Api, world: World, database: AsyncEngine, waiting: Waiting
) -> None:
    brand, other = await _sending(world), await _sending(world)
    invited = await world.person()
    async with _held(database, brand.master):
        crowd = _crowd(served, brand, _CROWD)
        await until(lambda: waiting(_CROWD - _SHARE))
        await until(lambda: _share_is_used_up(database))
        assert (await reserve(served, other.owner, other.us, "ann")).done
        offer = {"accountId": other.us.id, "email": invited.email, "roleId": ROLE_IDS[BuiltinRole.MARKETER]}
        made = await attempt(served, "memberInvite", other.owner, **offer, idempotencyKey="1")
        assert made.done, made
        await until(lambda: _mailed(database, invited.email))
        assert not any(task.done() for task in crowd)
    await _check_sent(served, database, brand, await asyncio.gather(*crowd))


async def _mailed(database: AsyncEngine, email: str) -> bool:
    tried = select(outbox_messages.c.attempts).where(outbox_messages.c.recipient == email)
    async with database.connect() as connection:
        return (await connection.execute(tried)).scalars().all() == [1]


async def test_what_was_begun_anew_is_done_once_and_counted_once(
    served: Api, world: World, database: AsyncEngine, waiting: Waiting
) -> None:
    brand = await _sending(world)
    wanted = {"accountId": brand.us.id, "name": "Shop", "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    async with _held(database, brand.master):
        crowd = _crowd(served, brand, _SHARE)
        await until(lambda: _share_is_used_up(database))
        with statements() as sent:
            making = asyncio.create_task(attempt(served, "apiKeyCreate", brand.owner, "secret", **wanted))
        await until(lambda: waiting(1))
        assert _transactions(sent) == 2, "the one that counts it, and the one that has to wait"
    made = await making
    assert made.done, made
    assert _transactions(sent) == 3
    await _check_sent(served, database, brand, await asyncio.gather(*crowd))
    counted = select(attempts.c.count).where(attempts.c.subject.contains(str(brand.owner.person.key)))
    keys = select(func.count()).where(api_keys.c.account_id == brand.us.key)
    async with database.connect() as connection:
        assert (await connection.execute(counted)).scalars().all() == [1]
        assert (await connection.execute(keys)).scalar_one() == 1
    assert len(await events_of(served, brand.owner, brand.us.id, "API_KEY_CREATED")) == 1


def _transactions(sent: list[str]) -> int:
    return sum(
        one in statement for statement in sent for one in ("pg_current_xact_id", "INSERT INTO attempts")
    )


async def test_the_same_request_that_waits_several_times_is_done_once(
    served: Api, world: World, database: AsyncEngine, waiting: Waiting
) -> None:
    brand = await _sending(world)
    async with _held(database, brand.master):
        crowd = _crowd(served, brand, 6, key="one")
        await until(lambda: waiting(6 - _SHARE))
    found = await asyncio.gather(*crowd)
    assert sorted(one.payload["replayed"] for one in found) == [False, *[True] * 5]
    assert await used(served, brand.owner, brand.us) == (1, 1)


async def test_clients_that_go_away_while_they_wait_leave_no_turn_taken(
    served: Api, world: World, database: AsyncEngine, waiting: Waiting
) -> None:
    brand = await _sending(world)
    async with _held(database, brand.master):
        crowd = _crowd(served, brand, _CROWD)
        await until(lambda: waiting(_CROWD - _SHARE))
        for task in crowd:
            task.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        assert await waiting(0)
        later = _crowd(served, brand, _CROWD)
        await until(lambda: waiting(_CROWD - _SHARE))
    await _check_sent(served, database, brand, await asyncio.gather(*later))


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
                    served.ask(_RESERVE, brand.owner, input=booking(brand.us, f"n{number}"))
                    for number in range(_SHARE + 1)
                ]
            )
    message = "Others are changing the same accounts; try again in 1 seconds."
    told = {"code": "BUSY", "message": message, "retryAfter": 1}
    assert [answer.data for answer in answers] == [{"sendReserve": {"userErrors": [told]}}] * len(answers)
    assert [line for line in lines if line["log_level"] != "info"] == []
    assert [line["codes"] for line in lines if line["event"] == "request"] == [{"BUSY": 1}] * len(answers)
