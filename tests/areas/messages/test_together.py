"""Requests of one caller that come at once share transactions; each is answered as if it had come alone."""

import asyncio
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.api_keys.tables import api_keys
from models.sending.tables import send_reservations
from tests.areas.messages.shop import Shop
from tests.client.api import Api
from tests.client.mutations import Attempt, attempt
from tests.concurrency.gates import Gate
from tests.world.block_list import give_entries
from tests.world.credit import faults_of
from tests.world.messages import OUTCOMES, mail
from tests.world.sends import check_counts, used
from tests.world.world import ApiKey, World

_TIME_TO_GATHER = 1.0
"""Seconds that the first request is held for."""


async def _first(api: Api, shop: Shop, caller: Any = None) -> tuple[Gate, "asyncio.Task[Attempt]"]:
    """A request that is stopped when it has counted its message."""
    gate = Gate("INSERT INTO events")
    task = asyncio.create_task(gate.holding(_try(api, shop, mail("first"), caller)))
    await gate.reached()
    return gate, task


async def _try(api: Api, shop: Shop, given: dict[str, Any], caller: Any = None, **more: Any) -> Attempt:
    values = {"accountId": shop.account.id, "stream": "TRANSACTIONAL", "messages": [given], **more}
    return await attempt(api, "messageSend", caller or shop.owner, OUTCOMES, **values)


async def _behind(gate: Gate, *requests: Any) -> list[Attempt]:
    tasks = [asyncio.create_task(request) for request in requests]
    await asyncio.sleep(_TIME_TO_GATHER)
    gate.open()
    return list(await asyncio.gather(*tasks))


async def _reservations(database: AsyncEngine, shop: Shop) -> int:
    counted = select(func.count()).where(send_reservations.c.account_id == shop.account.key)
    async with database.connect() as connection:
        return (await connection.execute(counted)).scalar_one()


async def test_each_has_its_own_outcome(api: Api, shop: Shop, world: World, database: AsyncEngine) -> None:
    await give_entries(world, shop.account, ["blocked@example.com"])
    gate, first = await _first(api, shop)
    given = [
        mail("a", "a@example.com"),
        mail("wrong", "nobody"),
        mail("b", "b@example.com"),
        mail("excluded", "blocked@example.com"),
        mail("a", "a@example.com"),
        mail("a", "c@example.com"),
        mail("first"),
        mail("d", "d@example.com"),
    ]
    found = await _behind(gate, *[_try(api, shop, each) for each in given])
    assert (await first).done
    assert all(each.done for each in found)
    outcomes = [outcome for each in found for outcome in each.payload["outcomes"]]
    assert [each["index"] for each in outcomes] == [0] * len(given)
    codes = [(each["error"] or {}).get("code") for each in outcomes]
    mismatch = "IDEMPOTENCY_MISMATCH"
    assert codes == [None, "BAD_USER_INPUT", None, "RECIPIENT_EXCLUDED", None, mismatch, None, None]
    assert [each["replayed"] for each in outcomes] == [False] * 4 + [True, False, True, False]
    assert outcomes[4]["message"] == outcomes[0]["message"]
    assert await used(api, shop.owner, shop.account) == (4, 4)
    assert await _reservations(database, shop) < 4
    await check_counts(database, shop.master)
    assert await faults_of(database, shop.master) == []


async def test_limits_let_through_as_many_as_one_by_one(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    """The plan has 20 sends."""
    gate, first = await _first(api, shop)
    found = await _behind(gate, *[_try(api, shop, mail(str(number))) for number in range(25)])
    assert (await first).done
    assert sorted(each.code for each in found) == [""] * 19 + ["SEND_LIMIT_REACHED"] * 6
    assert await used(api, shop.owner, shop.account) == (1, 20)
    await check_counts(database, shop.master)
    assert await faults_of(database, shop.master) == []


async def test_what_is_wrong_with_one_request_stops_no_other(api: Api, shop: Shop) -> None:
    gate, first = await _first(api, shop)
    found = await _behind(
        gate,
        _try(api, shop, mail("1")),
        _try(api, shop, mail("2"), label=" "),
        _try(api, shop, mail("3"), label="Other"),
        _try(api, shop, mail("4")),
    )
    assert (await first).done
    assert [each.code for each in found] == ["", "BAD_USER_INPUT", "", ""]


async def test_whoever_goes_away_takes_nobody_along(api: Api, shop: Shop) -> None:
    gate, first = await _first(api, shop)
    others = [asyncio.create_task(_try(api, shop, mail(str(number)))) for number in range(5)]
    await asyncio.sleep(_TIME_TO_GATHER)
    first.cancel()
    others[2].cancel()
    gate.open()
    found = await asyncio.gather(*others, return_exceptions=True)
    assert [isinstance(each, Attempt) and each.done for each in found] == [True, True, False, True, True]
    again = await _try(api, shop, mail("first"))
    assert again.payload["outcomes"][0]["replayed"]


async def test_a_key_that_was_revoked_meanwhile_sends_nothing(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    """T8, however long its requests have waited."""
    key: ApiKey = await world.api_key(shop.account)
    gate, first = await _first(api, shop, key)
    ask = "mutation ($input: MessageSendInput!) { messageSend(input: $input) { outcomes { index } } }"
    values = {"accountId": shop.account.id, "stream": "TRANSACTIONAL"}
    tasks = [
        asyncio.create_task(api.ask(ask, key, input={**values, "messages": [mail(str(number))]}))
        for number in range(4)
    ]
    await asyncio.sleep(_TIME_TO_GATHER)
    async with database.begin() as connection:
        await connection.execute(
            update(api_keys).where(api_keys.c.id == key.key).values(revoked_at=func.now())
        )
    gate.open()
    assert (await first).done
    for answer in await asyncio.gather(*tasks):
        assert answer.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert await used(api, shop.owner, shop.account) == (1, 1)
