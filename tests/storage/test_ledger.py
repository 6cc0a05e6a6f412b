"""The ledger in the database itself: whatever the application sends, the books hold."""

import asyncio
import random
import uuid
from collections import Counter
from typing import Any

import pytest
import sqlalchemy.exc
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import new_id
from models.credit.tables import BalanceKind, ledger_entries, ledgers
from tests.world.credit import balances_of, credit_of, faults_of, give_credit, move_credit
from tests.world.world import Account, World

_POST = text(
    "SELECT * FROM ledger_post(:tree, :id, :kind, NULL, NULL, :memo, CAST(:books AS uuid[]), "
    "CAST(:kinds AS text[]), CAST(:amounts AS bigint[]))"
)


def _transaction(tree: Account, *changes: tuple[Account, str, int], **other: Any) -> dict[str, Any]:
    return {
        "tree": tree.master,
        "id": new_id(),
        "kind": "TRANSFER",
        "memo": None,
        "books": [account.key for account, _, _ in changes],
        "kinds": [kind for _, kind, _ in changes],
        "amounts": [amount for _, _, amount in changes],
        **other,
    }


async def _sqlstate(engine: AsyncEngine, tree: Account, values: dict[str, Any]) -> str | None:
    """Why it is refused; None: it is not, and kept."""
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT set_config('mandant.trees', '{tree.master}', true)"))
            await connection.execute(_POST, values)
    except sqlalchemy.exc.DBAPIError as error:
        return getattr(error.orig, "sqlstate", None)
    return None


async def test_what_the_database_refuses(
    application: AsyncEngine, database: AsyncEngine, world: World
) -> None:
    """Of the application itself: what does not balance, what is of another tree, what is no balance."""
    one, other = await world.account(), await world.account()
    child = await world.account(one)
    await give_credit(world, one, 100)
    before = await world.state(one, other)
    cases = {
        "out of nothing": (_transaction(one, (one, "CREDIT", 5)), "23514"),
        "into nothing": (_transaction(one, (one, "CREDIT", -5), (child, "CREDIT", 4)), "23514"),
        "no entries": (_transaction(one), "23514"),
        "of nothing": (_transaction(one, (one, "CREDIT", 0), (child, "CREDIT", 0)), "23514"),
        "a third of which is nothing": (
            _transaction(one, (one, "CREDIT", -1), (child, "CREDIT", 1), (child, "RESERVED", 0)),
            "23514",
        ),
        "twice to one balance": (
            _transaction(one, (one, "CREDIT", -5), (child, "CREDIT", 2), (child, "CREDIT", 3)),
            "23514",
        ),
        "to another tree": (_transaction(one, (one, "CREDIT", -5), (other, "CREDIT", 5)), "23503"),
        "in another tree": (_transaction(other, (other, "OUTSIDE", -5), (other, "CREDIT", 5)), "42501"),
        "to no balance": (_transaction(one, (one, "CREDIT", -5), (child, "GOLD", 5)), "23514"),
        "for no reason": (
            _transaction(one, (one, "CREDIT", -5), (child, "CREDIT", 5), kind="GIFT"),
            "23514",
        ),
        "beyond 64 bits": (
            _transaction(one, (one, "OUTSIDE", -(2**63 - 1)), (one, "CREDIT", 2**63 - 1)),
            "22003",
        ),
    }
    found = {name: await _sqlstate(application, one, values) for name, (values, _) in cases.items()}
    assert found == {name: code for name, (_, code) in cases.items()}
    assert await world.state(one, other) == before
    right = _transaction(one, (one, "CREDIT", -5), (child, "CREDIT", 5))
    assert await _sqlstate(application, one, right) is None
    assert await credit_of(database, child) == 5


async def test_no_balance_below_its_floor(application: AsyncEngine, world: World) -> None:
    """Told with what is there, and then nothing is posted."""
    master = await world.account()
    child = await world.account(master)
    await give_credit(world, master, 101)
    await move_credit(world, master, child, 1)
    before = await world.state(master)
    short = _transaction(master, (master, "CREDIT", -101), (child, "CREDIT", 101))
    async with application.begin() as connection:
        await connection.execute(text(f"SELECT set_config('mandant.trees', '{master.key}', true)"))
        rows = (await connection.execute(_POST, short)).all()
    assert [tuple(row) for row in rows] == [(master.key, "CREDIT", 100)]
    assert await world.state(master) == before


async def test_times_never_run_backwards(database: AsyncEngine, world: World) -> None:
    """Also where a transaction that began first is posted last: its entries come after, and tell so."""
    master = await world.account()
    child = await world.account(master)
    await give_credit(world, master, 100)
    async with database.begin() as connection:
        await connection.execute(text(f"SELECT set_config('mandant.trees', '{master.key}', true)"))
        await move_credit(world, master, child, 1)
        await connection.execute(_POST, _transaction(master, (master, "CREDIT", -2), (child, "CREDIT", 2)))
    entry = ledger_entries.c
    statement = select(entry.amount, entry.created_at).where(entry.account_id == child.key)
    async with database.connect() as connection:
        rows = (await connection.execute(statement.order_by(entry.sequence))).all()
    assert [row.amount for row in rows] == [1, 2]
    assert rows[0].created_at < rows[1].created_at


async def test_books_that_nobody_kept_before_are_begun_once(
    application: AsyncEngine, database: AsyncEngine, world: World
) -> None:
    """By whoever posts first, also where many do at once."""
    master = await world.account()
    children = [await world.account(master) for _ in range(3)]
    await give_credit(world, master, 100)
    posts = [_transaction(master, (master, "CREDIT", -1), (child, "CREDIT", 1)) for child in children * 4]
    random.Random(5).shuffle(posts)
    found = await asyncio.gather(*[_sqlstate(application, master, values) for values in posts])
    assert set(found) == {None}
    assert [await credit_of(database, child) for child in children] == [4, 4, 4]
    assert await faults_of(database, master, *children) == []


@pytest.mark.parametrize("seed", range(8))
async def test_random_movements_conserve_the_total(
    application: AsyncEngine, database: AsyncEngine, world: World, seed: int
) -> None:
    """N6, T16: the total stays, each balance is the sum of its entries, every chain verifies."""
    choices = random.Random(seed)
    master = await world.account()
    everybody = [master, *[await world.account(master) for _ in range(3)]]
    await give_credit(world, master, 1_000)
    model = {(account.key, kind.value): 0 for account in everybody for kind in BalanceKind}
    model[master.key, "CREDIT"], model[master.key, "OUTSIDE"] = 1_000, -1_000
    posted = 2
    for _ in range(40):
        takers = choices.choices(everybody, k=choices.randint(1, 3))
        giver, kind = choices.choice(everybody), choices.choice(["CREDIT", "RESERVED"])
        given_amounts = [choices.randint(1, 200) for _ in takers]
        net = Counter({(giver, "CREDIT"): -sum(given_amounts)})
        for taker, amount in zip(takers, given_amounts, strict=True):
            net[taker, kind] += amount
        changes = [(account, balance, amount) for (account, balance), amount in net.items() if amount]
        if not changes:
            continue
        after = dict(model)
        for account, balance, amount in changes:
            after[account.key, balance] += amount
        assert await _sqlstate(application, master, _transaction(master, *changes)) is None
        if all(amount >= 0 for (_, balance), amount in after.items() if balance != "OUTSIDE"):
            model, posted = after, posted + len(changes)
        assert sum(model.values()) == 0
    found: dict[tuple[uuid.UUID, str], int] = {}
    for account in everybody:
        for balance, amount in (await balances_of(database, account)).items():
            found[account.key, balance] = amount
    assert found == {place: amount for place, amount in model.items() if amount or place in found}
    assert await faults_of(database, *everybody) == []
    counted = select(ledgers.c.entry_count).where(ledgers.c.master_id == master.key)
    async with database.connect() as connection:
        assert sum((await connection.execute(counted)).scalars()) == posted
