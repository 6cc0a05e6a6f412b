"""Credit that is moved by many at once: nothing is spent twice, nobody waits without need (T16, T17, T18)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.credit.tables import ledger_transactions
from models.payments.tables import top_ups
from tests.areas.payments.held_charges import held_charges
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of
from tests.world.credit import EURO, credit_of, faults_of, give_credit, give_payment_method, own_balances
from tests.world.world import Account, World


async def _rich_brand(world: World, amount: int) -> Brand:
    brand = await brand_of(world)
    await own_balances(world, brand.us, brand.uk, brand.store)
    await give_credit(world, brand.master, amount)
    return brand


def _transfer(source: Account, target: Account, amount: int, key: str) -> dict[str, Any]:
    between = {"fromAccountId": source.id, "toAccountId": target.id}
    return {**between, "amount": amount, "idempotencyKey": key}


async def _posted(database: AsyncEngine, brand: Brand, kind: str = "TRANSFER") -> int:
    transaction = ledger_transactions.c
    statement = select(func.count()).where(
        transaction.master_id == brand.master.key, transaction.kind == kind
    )
    async with database.connect() as connection:
        return int((await connection.execute(statement)).scalar_one())


async def test_the_last_credit_is_spent_once(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        brand = await _rich_brand(world, 3)
        targets = [brand.us, brand.uk] * 4
        codes = await at_once(
            *[
                code_of(api, "creditTransfer", brand.owner, **_transfer(brand.master, target, 1, str(number)))
                for number, target in enumerate(targets)
            ]
        )
        assert sorted(codes) == [""] * 3 + ["INSUFFICIENT_CREDIT"] * 5
        assert await credit_of(database, brand.master) == 0
        assert await faults_of(database, brand.master, brand.us, brand.uk) == []


async def test_one_key_at_once_moves_once(api: Api, world: World, database: AsyncEngine) -> None:
    """T17: all are told the same transaction, and one of them that it was not repeated."""
    for _ in range(ROUNDS):
        brand = await _rich_brand(world, EURO)
        transfer = _transfer(brand.master, brand.us, 10, "click")
        payloads = await at_once(
            *[
                done(api, "creditTransfer", brand.owner, "replayed transaction { id }", **transfer)
                for _ in range(6)
            ]
        )
        assert len({payload["transaction"]["id"] for payload in payloads}) == 1
        assert sorted(payload["replayed"] for payload in payloads) == [False] + [True] * 5
        assert await credit_of(database, brand.us) == 10
        assert await _posted(database, brand) == 1


async def test_there_and_back_at_once(api: Api, world: World, database: AsyncEngine) -> None:
    """Books are locked in one order: opposite transfers do not wait for each other in a circle."""
    brand = await _rich_brand(world, 100)
    await done(api, "creditTransfer", brand.owner, **_transfer(brand.master, brand.us, 50, "start"))
    pairs = [(brand.master, brand.us), (brand.us, brand.master)] * 6
    codes = await at_once(
        *[
            code_of(api, "creditTransfer", brand.owner, **_transfer(*pair, 5, str(number)))
            for number, pair in enumerate(pairs)
        ]
    )
    assert codes == [""] * len(pairs)
    assert [await credit_of(database, account) for account in (brand.master, brand.us)] == [50, 50]
    assert await faults_of(database, brand.master, brand.us) == []


async def test_transfers_between_other_accounts_do_not_wait(api: Api, world: World) -> None:
    """One that is under way keeps its two accounts' books, not the tree."""
    brand = await _rich_brand(world, 100)
    await done(api, "creditTransfer", brand.owner, **_transfer(brand.master, brand.us, 50, "start"))
    gate = Gate("INSERT INTO events")
    stopped = asyncio.create_task(
        gate.holding(code_of(api, "creditTransfer", brand.owner, **_transfer(brand.us, brand.store, 1, "1")))
    )
    await gate.reached()
    beside = _transfer(brand.master, brand.uk, 1, "2")
    assert await code_of(api, "creditTransfer", brand.owner, **beside) == ""
    same_books = _transfer(brand.master, brand.us, 1, "3")
    waiting = asyncio.create_task(code_of(api, "creditTransfer", brand.owner, **same_books))
    assert await waits(waiting, world.database)
    gate.open()
    assert (await stopped, await waiting) == ("", "")


async def test_a_suspension_waits_for_a_transfer_and_stops_the_next(
    api: Api, world: World, database: AsyncEngine
) -> None:
    brand = await _rich_brand(world, 100)
    gate = Gate("ledger_post")
    moving = asyncio.create_task(
        gate.holding(code_of(api, "creditTransfer", brand.owner, **_transfer(brand.master, brand.us, 1, "1")))
    )
    await gate.reached()
    suspending = asyncio.create_task(code_of(api, "accountSuspend", brand.owner, accountId=brand.us.id))
    assert await waits(suspending, world.database)
    gate.open()
    assert (await moving, await suspending) == ("", "")
    late = await code_of(api, "creditTransfer", brand.owner, **_transfer(brand.master, brand.us, 1, "2"))
    assert late == "ACCOUNT_SUSPENDED"
    assert await credit_of(database, brand.us) == 1


@pytest.mark.parametrize("lost", ["the account's status", "the right"])
async def test_what_was_lost_while_a_transfer_waited_for_its_locks_is_seen(
    api: Api, world: World, database: AsyncEngine, lost: str
) -> None:
    """T8: rights are read behind the locks, however long these took."""
    brand = await _rich_brand(world, 100)
    admin = await world.member(brand.master, BuiltinRole.ADMINISTRATOR)
    first = await code_of(api, "creditTransfer", admin, **_transfer(brand.master, brand.us, 1, "1"))
    assert first == ""
    gate = Gate("INSERT INTO events")
    change = (
        code_of(api, "accountSuspend", brand.owner, accountId=brand.us.id)
        if lost == "the account's status"
        else code_of(api, "memberRemove", brand.owner, memberId=admin.id)
    )
    changing = asyncio.create_task(gate.holding(change))
    await gate.reached()
    late = _transfer(brand.master, brand.us, 1, "2")
    moving = asyncio.create_task(code_of(api, "creditTransfer", admin, **late))
    assert await waits(moving, world.database)
    gate.open()
    assert await changing == ""
    assert await moving == ("ACCOUNT_SUSPENDED" if lost == "the account's status" else "NOT_FOUND")
    assert await credit_of(database, brand.us) == 1


async def test_a_mode_that_changes_while_credit_comes_in(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """T18: nothing is left behind in an account that draws from a pool."""
    for _ in range(ROUNDS):
        brand = await _rich_brand(world, 100)
        codes = await at_once(
            code_of(api, "creditTransfer", brand.owner, **_transfer(brand.master, brand.us, 30, "1")),
            code_of(api, "creditModeUpdate", brand.owner, accountId=brand.us.id, mode="SHARED_POOL"),
        )
        assert codes in (["", ""], ["FAILED_PRECONDITION", ""])
        assert [await credit_of(database, account) for account in (brand.master, brand.us)] == [100, 0]


async def test_one_top_up_asked_for_at_once_is_paid_once(
    api: Api, world: World, database: AsyncEngine
) -> None:
    for reference in ("paid", "slow", "declined"):
        brand = await _rich_brand(world, EURO)
        method = await give_payment_method(world, brand.us, reference)
        wanted = {"accountId": brand.us.id, "paymentMethodId": method.id, "amount": 7, "idempotencyKey": "1"}
        attempts = await at_once(
            *[attempt(api, "creditTopUp", brand.owner, "topUp { id }", **wanted) for _ in range(4)]
        )
        expected = "PAYMENT_DECLINED" if reference == "declined" else ""
        assert [made.code for made in attempts] == [expected] * 4
        assert len({str(made.payload["topUp"]) for made in attempts}) == 1
        assert await credit_of(database, brand.us) == (0 if expected else 7)
        counted = select(func.count()).where(top_ups.c.account_id == brand.us.key)
        async with database.connect() as connection:
            assert (await connection.execute(counted)).scalar_one() == 1


async def test_nothing_is_locked_while_the_provider_thinks(api: Api, world: World) -> None:
    brand = await _rich_brand(world, EURO)
    method = await give_payment_method(world, brand.us)
    wanted = {"accountId": brand.us.id, "paymentMethodId": method.id, "amount": 7, "idempotencyKey": "1"}
    async with held_charges() as asked:
        buying = asyncio.create_task(code_of(api, "creditTopUp", brand.owner, **wanted))
        await asked.wait()
        transfer = _transfer(brand.master, brand.us, 1, "2")
        assert await code_of(api, "creditTransfer", brand.owner, **transfer) == ""
        mode = {"accountId": brand.us.id, "mode": "SHARED_POOL"}
        assert await code_of(api, "creditModeUpdate", brand.owner, **mode) == "ACCOUNT_NOT_SETTLED"
        assert not buying.done()
    assert await buying == ""
