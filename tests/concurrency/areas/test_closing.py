"""An account that is closed while money and sends move: nothing is left in it, nothing is lost (T16, T18)."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.base.ids import MasterId, SendCycleId
from models.sending.tables import send_cycles
from resolvers.sending.expire import expire_reservations
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.areas.payments.held_charges import held_charges
from tests.client.api import Api
from tests.client.mutations import code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of
from tests.world.credit import balances_of, faults_of, give_credit, give_payment_method, own_balances
from tests.world.plans import make_plan, subscribe
from tests.world.sends import booking, check_counts, let_expire, reserved, settle
from tests.world.world import World

_LEFT = {"CREDIT": 0, "RESERVED": 0}


async def _rich(api: Api, world: World) -> Brand:
    """Sends cost one each; the master account and two teams have 100 of their own."""
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world, sends=1, active_contacts=50, send_price=1))
    await own_balances(world, brand.us, brand.store)
    await reserved(api, brand.owner, brand.master, "zed")
    for account in (brand.master, brand.us, brand.store):
        await give_credit(world, account, 100)
    return brand


async def _check(database: AsyncEngine, brand: Brand, spent: int = 0) -> None:
    """The store holds nothing; all that was there is in the tree, but for what was spent or bought."""
    tree = (brand.master, brand.us, brand.store)
    held = [await balances_of(database, account) for account in tree]
    assert _LEFT | held[-1] == {**_LEFT, "OUTSIDE": held[-1]["OUTSIDE"]}
    assert sum(each.get("CREDIT", 0) + each.get("RESERVED", 0) for each in held) == 300 - spent
    assert await faults_of(database, *tree) == []
    await check_counts(database, brand.master)


async def test_closing_while_something_is_booked_and_committed(
    api: Api, world: World, database: AsyncEngine
) -> None:
    for _ in range(ROUNDS):
        brand = await _rich(api, world)
        earlier = await reserved(api, brand.owner, brand.store, "ann")
        close, commit, book, beside = await at_once(
            code_of(api, "accountClose", brand.owner, accountId=brand.store.id),
            settle(api, brand.owner, "sendCommit", earlier),
            code_of(api, "sendReserve", brand.owner, **booking(brand.store, "bob", "cy")),
            code_of(api, "sendReserve", brand.owner, **booking(brand.uk, "dan")),
        )
        assert (close, beside) == ("", "")
        assert {commit, book} <= {"", "ACCOUNT_CLOSED"}
        await _check(database, brand, spent=1 if commit == "" else 0)


async def test_closing_while_credit_comes_in(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        brand = await _rich(api, world)
        into = {"fromAccountId": brand.us.id, "toAccountId": brand.store.id, "amount": 7}
        codes = await at_once(
            code_of(api, "accountClose", brand.owner, accountId=brand.store.id),
            code_of(api, "creditTransfer", brand.owner, **into, idempotencyKey="1"),
        )
        assert codes in (["", ""], ["", "ACCOUNT_CLOSED"])
        await _check(database, brand)


@pytest.mark.parametrize("reference", ["paid", "declined"])
async def test_closing_while_the_payment_provider_thinks(
    api: Api, world: World, database: AsyncEngine, reference: str
) -> None:
    """It is refused as long as money may come; then what came goes to the pool."""
    brand = await _rich(api, world)
    method = await give_payment_method(world, brand.store, reference)
    wanted = {"accountId": brand.store.id, "paymentMethodId": method.id, "amount": 7, "idempotencyKey": "1"}
    closing = {"accountId": brand.store.id}
    async with held_charges() as asked:
        buying = asyncio.create_task(code_of(api, "creditTopUp", brand.owner, **wanted))
        await asked.wait()
        assert (
            await code_of(api, "accountClose", brand.owner, **closing, dryRun=True) == "ACCOUNT_NOT_SETTLED"
        )
    while not buying.done():
        code = await code_of(api, "accountClose", brand.owner, **closing, dryRun=True)
        assert code in {"", "ACCOUNT_NOT_SETTLED", "CONFLICT"}
    assert await buying == ("PAYMENT_DECLINED" if reference == "declined" else "")
    assert await code_of(api, "accountClose", brand.owner, **closing) == ""
    await _check(database, brand, spent=-7 if reference == "paid" else 0)


async def test_closing_a_branch_at_once(api: Api, world: World, database: AsyncEngine) -> None:
    """The child's credit goes to its parent, and on with the parent's own; or the parent stays open."""
    for _ in range(ROUNDS):
        brand = await _rich(api, world)
        codes = await at_once(
            code_of(api, "accountClose", brand.owner, accountId=brand.us.id),
            code_of(api, "accountClose", brand.owner, accountId=brand.store.id),
        )
        assert codes in (["", ""], ["HAS_SUBACCOUNTS", ""])
        await _check(database, brand)
        if codes[0] == "":
            assert (await balances_of(database, brand.master))["CREDIT"] == 300


async def test_closing_twice_at_once_settles_once(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        brand = await _rich(api, world)
        closing = {"accountId": brand.store.id}
        codes = await at_once(*[code_of(api, "accountClose", brand.owner, **closing) for _ in range(3)])
        assert sorted(codes) == ["", "ACCOUNT_CLOSED", "ACCOUNT_CLOSED"]
        await _check(database, brand)


async def test_closing_while_a_worker_gives_back_what_has_expired(
    api: Api, world: World, database: AsyncEngine, addresses: DatabaseAddresses
) -> None:
    """The worker locks no account: what it gives back at the last moment is settled all the same."""
    brand = await _rich(api, world)
    for account in (brand.store, brand.uk):
        await reserved(api, brand.owner, account, "ann", "bob")
    await let_expire(database, brand.store, brand.uk)
    async with database.connect() as connection:
        statement = select(send_cycles.c.id).where(send_cycles.c.master_id == brand.master.key)
        cycle_id = SendCycleId((await connection.execute(statement)).scalar_one())
    gate = Gate("ledger_post")
    worker = connect_as_application(addresses.application, 1)

    async def expire() -> None:
        async with WriteSessions(worker).begin() as session:
            await expire_reservations(session, MasterId(brand.master.key), cycle_id)

    expiring = asyncio.create_task(gate.holding(expire()))
    await gate.reached()
    closing = asyncio.create_task(code_of(api, "accountClose", brand.owner, accountId=brand.store.id))
    assert await waits(closing, world.database)
    gate.open()
    await expiring
    await worker.dispose()
    assert await closing == ""
    await _check(database, brand)
