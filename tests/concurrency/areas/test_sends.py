"""Sends that are booked, committed, voided and expire at once: each is counted once (T18, T21)."""

import asyncio
import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.client.mutations import attempt, code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of
from tests.world.credit import balances_of, faults_of, give_credit
from tests.world.plans import STARTER, make_plan, subscribe
from tests.world.recipients import addresses, uploaded
from tests.world.sends import SHOWN, booking, check_counts, let_expire, reserve, reserved, settle, used
from tests.world.world import World


async def _small(world: World, **figures: int) -> Brand:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world, **figures))
    return brand


async def test_the_last_contact_is_given_once(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        brand = await _small(world, active_contacts=1)
        found = await at_once(
            *[
                reserve(api, brand.owner, account, name)
                for account, name in ((brand.us, "ann"), (brand.uk, "bob"), (brand.store, "carl"))
            ]
        )
        codes = sorted(attempt.code for attempt in found)
        assert codes == ["", "CONTACT_LIMIT_REACHED", "CONTACT_LIMIT_REACHED"]
        assert await used(api, brand.owner, brand.us) == (1, 1)
        await check_counts(database, brand.master)


async def test_a_new_contact_of_two_campaigns_counts_once(
    api: Api, world: World, database: AsyncEngine
) -> None:
    for _ in range(ROUNDS):
        brand = await _small(world, active_contacts=1)
        found = await at_once(
            *[reserve(api, brand.owner, account, "ann") for account in (brand.us, brand.uk, brand.store)]
        )
        assert sorted(attempt.payload["reservation"]["newContacts"] for attempt in found) == [0, 0, 1]
        assert await used(api, brand.owner, brand.us) == (1, 3)
        await check_counts(database, brand.master)


async def test_the_same_request_at_once_books_once(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await _small(world)
        found = await at_once(*[reserve(api, brand.owner, brand.us, "ann", key="one") for _ in range(3)])
        assert len({attempt.payload["reservation"]["id"] for attempt in found}) == 1
        assert sorted(attempt.payload["replayed"] for attempt in found) == [False, True, True]
        assert await used(api, brand.owner, brand.us) == (1, 1)


async def test_a_right_that_was_lost_while_a_send_waited_for_its_locks(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """T8: rights are read behind the locks, however long these took."""
    brand = await _small(world)
    admin = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await reserved(api, admin, brand.us, "ann")
    gate = Gate("INSERT INTO events")
    removing = asyncio.create_task(gate.holding(code_of(api, "memberRemove", brand.owner, memberId=admin.id)))
    await gate.reached()
    sending = asyncio.create_task(reserve(api, admin, brand.us, "bob"))
    assert await waits(sending, world.database)
    gate.open()
    assert (await removing, (await sending).code) == ("", "NOT_FOUND")
    assert await used(api, brand.owner, brand.us) == (1, 1)
    await check_counts(database, brand.master)


async def test_of_a_commit_and_a_void_one_is_done(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        brand = await _small(world, sends=1, send_price=5)
        await give_credit(world, brand.master, 10)
        reservation = await reserved(api, brand.owner, brand.us, "ann", "bob")
        codes = await at_once(
            settle(api, brand.owner, "sendCommit", reservation),
            settle(api, brand.owner, "sendVoid", reservation),
        )
        assert sorted(codes) == ["", "RESERVATION_SETTLED"]
        committed = codes[0] == ""
        assert await used(api, brand.owner, brand.us) == ((2, 2) if committed else (0, 0))
        credit = 5 if committed else 10
        assert await balances_of(database, brand.master) == {
            "OUTSIDE": -credit,
            "CREDIT": credit,
            "RESERVED": 0,
        }
        await check_counts(database, brand.master)


@pytest.mark.parametrize("counted", [True, False])
async def test_a_commit_that_began_in_time_and_comes_too_late(
    api: Api, world: World, database: AsyncEngine, counted: bool
) -> None:
    """By its own clock it is in time. Whether it is done is decided by who counts first: what somebody else
    was given meanwhile is not committed; where nobody counted, nothing is lost by it."""
    brand = await _small(world, active_contacts=1)
    reservation = await reserved(api, brand.owner, brand.us, "ann")
    gate = Gate("FROM send_cycles")
    committing = asyncio.create_task(gate.holding(settle(api, brand.owner, "sendCommit", reservation)))
    await gate.reached()
    assert await used(api, brand.owner, brand.us) == (1, 1), "the commit has begun before it expires"
    await let_expire(database, brand.us, after=datetime.timedelta(0))
    assert await used(api, brand.owner, brand.us) == (0, 0)
    if counted:
        await reserved(api, brand.owner, brand.uk, "bob")
    gate.open()
    assert await committing == ("RESERVATION_EXPIRED" if counted else "")
    assert await used(api, brand.owner, brand.us) == (1, 1)
    await check_counts(database, brand.master)


async def test_the_last_credit_is_spent_once(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        brand = await _small(world, sends=1, send_price=10)
        await give_credit(world, brand.master, 15)
        await reserved(api, brand.owner, brand.us, "ann")
        found = await at_once(
            *[reserve(api, brand.owner, account, "ann") for account in (brand.us, brand.uk, brand.store)]
        )
        assert sorted(attempt.code for attempt in found) == ["", *["INSUFFICIENT_CREDIT"] * 2]
        assert await balances_of(database, brand.master) == {"OUTSIDE": -15, "CREDIT": 5, "RESERVED": 10}
        assert await faults_of(database, brand.master) == []
        await check_counts(database, brand.master)


async def test_of_two_changes_of_a_plan_one_is_made(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        change = {"accountId": brand.master.id, "planId": STARTER.id, "expectedVersion": 1}
        codes = await at_once(*[code_of(api, "planChange", brand.owner, **change) for _ in range(3)])
        assert sorted(codes) == ["", "CONFLICT", "CONFLICT"]


async def test_blocks_are_bought_once_under_a_key(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        await subscribe(world, brand.master, STARTER)
        order = {"accountId": brand.master.id, "blocks": 1, "idempotencyKey": "1"}
        codes = await at_once(*[code_of(api, "limitIncrease", brand.owner, **order) for _ in range(3)])
        assert codes == ["", "", ""]
        query = "query ($id: ID!) { account(id: $id) { subscription { contactLimit } } }"
        found = await api.read(query, brand.owner, id=brand.master.id)
        assert found["account"]["subscription"] == {"contactLimit": 3_000}


async def test_two_sends_to_the_same_list_count_its_contacts_once(
    api: Api, world: World, database: AsyncEngine
) -> None:
    names = [f"n{number}" for number in range(3000)]
    brand = await _small(world, active_contacts=len(names), sends=3 * len(names))
    made = await uploaded(api, brand.owner, brand.us, addresses(*names))
    to_list = {"recipients": None, "recipientListId": made}
    found = await at_once(
        *[
            attempt(api, "sendReserve", brand.owner, SHOWN, **(booking(brand.us) | to_list)),
            attempt(api, "sendReserve", brand.owner, SHOWN, **(booking(brand.us) | to_list)),
            reserve(api, brand.owner, brand.store, *names[:100]),
        ]
    )
    assert [one.code for one in found] == ["", "", ""]
    assert sum(one.payload["reservation"]["newContacts"] for one in found) == len(names)
    assert await used(api, brand.owner, brand.us) == (len(names), 2 * len(names) + 100)
    await check_counts(database, brand.master)
