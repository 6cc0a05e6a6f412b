"""Several workers at once, and one that is killed: each top-up is paid once (T19)."""

import asyncio
import signal
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId, AccountKey, MasterId
from models.credit.tables import ledger_transactions
from models.payments.tables import top_ups
from resolvers.payments.worker import begin_top_up
from server.embedded_postgres import DatabaseAddresses
from server.settings.payments import PracticePayments
from tests.concurrency.gates import waits
from tests.database.job_queue import let_workers_die, work_off
from tests.server.start.processes import PATIENCE, running
from tests.world.credit import (
    credit_of,
    faults_of,
    give_credit,
    give_payment_method,
    give_top_up_rule,
    own_balances,
)
from tests.world.world import Account, World


async def _poor_accounts(world: World, count: int, reference: str = "paid") -> list[Account]:
    """Accounts of one tree that have 1 left, and buy 10 whenever it is less than 5."""
    master = await world.account()
    found = [await world.account(master) for _ in range(count)]
    await own_balances(world, *found)
    for account in found:
        await give_top_up_rule(world, account, await give_payment_method(world, account, reference))
        await give_credit(world, account, 1)
    return found


async def _posted(world: World, tree: Account) -> int:
    """How many top-ups are in the books, beside the one that each account began with."""
    transaction = ledger_transactions.c
    statement = select(transaction.id).where(
        transaction.master_id == tree.master, transaction.kind == "TOP_UP"
    )
    async with world.database.connect() as connection:
        return len((await connection.execute(statement)).all())


async def test_several_at_once_buy_once(application: AsyncEngine, world: World) -> None:
    poor, provider = await _poor_accounts(world, 5), PracticePayments()
    await asyncio.gather(*[work_off(application, provider) for _ in range(3)])
    await work_off(application, provider)
    assert [await credit_of(world.database, account) for account in poor] == [11] * 5
    assert len(provider.charges) == 5
    assert await _posted(world, poor[0]) == 10
    assert await faults_of(world.database, *poor) == []


async def test_two_that_see_the_same_rule_due(application: AsyncEngine, world: World) -> None:
    """The second waits for the first, and finds its top-up open."""
    (account,) = await _poor_accounts(world, 1)
    sessions = WriteSessions(application)
    due = AccountKey(MasterId(account.master), AccountId(account.key))
    async with sessions.begin() as first:
        await begin_top_up(first, due)

        async def second() -> None:
            async with sessions.begin() as session:
                await begin_top_up(session, due)

        waiting = asyncio.create_task(second())
        assert await waits(waiting, world.database)
    await waiting
    statement = select(top_ups.c.id).where(top_ups.c.account_id == account.key)
    async with world.database.connect() as connection:
        assert len((await connection.execute(statement)).all()) == 1
    copied = text(
        "INSERT INTO top_ups (master_id, account_id, id, payment_method_id, amount, automatic) "
        "SELECT master_id, account_id, gen_random_uuid(), payment_method_id, amount, automatic "
        "FROM top_ups WHERE account_id = :account"
    )
    async with world.database.connect() as connection:
        with pytest.raises(IntegrityError, match="ix_top_ups_automatic"):
            await connection.execute(copied, {"account": account.key})
    await work_off(application, PracticePayments())


async def test_one_that_is_killed_while_the_provider_thinks(
    own: DatabaseAddresses, application: AsyncEngine, world: World, tmp_path: Path
) -> None:
    """As a process of its own. What it began stays pending, and the next worker settles it."""
    (account,) = await _poor_accounts(world, 1, "slow")
    provider = {"MANDANT_PAYMENT_PROVIDER": "practice"}
    pending = select(top_ups.c.id).where(top_ups.c.account_id == account.key, top_ups.c.status == "PENDING")
    with running(tmp_path, "worker", DATABASE_URL=own.application, **provider) as worker:
        async with asyncio.timeout(PATIENCE), world.database.connect() as connection:
            while not (await connection.execute(pending)).all():
                await connection.rollback()
                await asyncio.sleep(0.02)
        worker.process.send_signal(signal.SIGKILL)
        worker.process.wait(PATIENCE)
    assert await credit_of(world.database, account) == 1
    await let_workers_die(world.database)
    await work_off(application, PracticePayments())
    assert await credit_of(world.database, account) == 11
    assert await _posted(world, account) == 2


async def test_a_tree_without_work_stays_closed(application: AsyncEngine, world: World) -> None:
    (poor,), rich = await _poor_accounts(world, 1), await world.account()
    seen = text("SELECT count(*) FROM accounts WHERE master_id = :tree")
    enter = text("SELECT mandant_enter_as_worker(:tree)")
    for tree, open_ in ((rich.master, False), (poor.master, True)):
        async with application.connect() as connection:
            assert (await connection.execute(enter, {"tree": tree})).scalar_one() is open_
            assert ((await connection.execute(seen, {"tree": tree})).scalar_one() > 0) is open_
    await work_off(application, PracticePayments())
