"""What an account has to spend, its books, and what proves them (N6), as those see it who may."""

import datetime
import uuid
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.credit.ledger_chain import BookCheck, Books, ChainEntry
from models.credit.tables import GENESIS
from tests.client.api import Api
from tests.client.mutations import done
from tests.engine.paths import Path
from tests.world.brand import Brand
from tests.world.credit import EURO, faults_of, give_credit, own_balances
from tests.world.world import Account, World

_BOOKS = """query ($id: ID!, $after: String) { account(id: $id) {
  credit { balance reserved currency mode pool { id } }
  ledgerEntries(first: 2, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { sequence balance amount balanceAfter createdAt previousHash hash transaction { id kind memo } }
  }
  ledgerProof { entryCount head balances { kind amount entriesSum } }
} }"""
_AT = "query ($id: ID!, $moment: DateTime!) { account(id: $id) { creditAt(moment: $moment) } }"


@pytest.fixture
async def moved(brand: Brand, world: World, api: Api) -> Brand:
    """100 euro came to the master account; 30 and 5 went on to a team, 2 came back."""
    await own_balances(world, brand.us)
    await give_credit(world, brand.master, 100 * EURO)
    for number, (source, target, euros) in enumerate(
        [(brand.master, brand.us, 30), (brand.master, brand.us, 5), (brand.us, brand.master, 2)]
    ):
        await done(
            api,
            "creditTransfer",
            brand.owner,
            fromAccountId=source.id,
            toAccountId=target.id,
            amount=euros * EURO,
            memo=None if number else "Mai 🦊|x",
            idempotencyKey=str(number),
        )
    return brand


async def _all_entries(api: Api, caller: Any, account: Account) -> tuple[list[Any], Any]:
    """Newest first, and the rest of the last answer."""
    found, after = [], None
    while True:
        answer = (await api.read(_BOOKS, caller, id=account.id, after=after))["account"]
        found += answer["ledgerEntries"]["nodes"]
        if not answer["ledgerEntries"]["pageInfo"]["hasNextPage"]:
            return found, answer
        after = answer["ledgerEntries"]["pageInfo"]["endCursor"]


async def test_a_subaccount_checks_its_own_books(api: Api, moved: Brand, world: World) -> None:
    """N6: from what it is shown alone, and without seeing another account."""
    below = await world.member(moved.us, BuiltinRole.FINANCE)
    entries, answer = await _all_entries(api, below, moved.us)
    assert [entry["amount"] for entry in entries] == ["-2000000", "5000000", "30000000"]
    assert [entry["sequence"] for entry in entries] == [3, 2, 1]
    own = {"balance": "33000000", "reserved": "0", "currency": "EUR", "mode": "OWN_BALANCE"}
    assert answer["credit"] == {**own, "pool": {"id": moved.us.id}}
    assert answer["ledgerEntries"]["totalCount"] == answer["ledgerProof"]["entryCount"] == 3
    proof = answer["ledgerProof"]
    assert proof["balances"] == [{"kind": "CREDIT", "amount": "33000000", "entriesSum": "33000000"}]
    check, amounts = BookCheck(), {row["kind"]: int(row["amount"]) for row in proof["balances"]}
    books = Books(moved.us.key, proof["entryCount"], bytes.fromhex(proof["head"]), amounts)
    faults = [fault for entry in reversed(entries) for fault in check.entry(_entry(moved.us, entry))]
    assert [*faults, *check.end(books)] == []
    both = "query ($id: ID!) { node(id: $id) { ... on LedgerTransaction { entries { amount } } } }"
    transaction = entries[0]["transaction"]["id"]
    assert (await api.read(both, below, id=transaction))["node"] == {"entries": [{"amount": "-2000000"}]}
    from_above = (await api.read(both, moved.owner, id=transaction))["node"]["entries"]
    assert sorted(entry["amount"] for entry in from_above) == ["-2000000", "2000000"]


def _entry(account: Account, shown: dict[str, Any]) -> ChainEntry:
    return ChainEntry(
        account_id=account.key,
        sequence=shown["sequence"],
        transaction_id=uuid.UUID(shown["transaction"]["id"].partition("_")[2]),
        kind=shown["transaction"]["kind"],
        balance=shown["balance"],
        amount=int(shown["amount"]),
        balance_after=int(shown["balanceAfter"]),
        created_at=datetime.datetime.fromisoformat(shown["createdAt"]),
        memo=shown["transaction"]["memo"],
        previous_hash=bytes.fromhex(shown["previousHash"]),
        hash=bytes.fromhex(shown["hash"]),
    )


async def test_books_that_were_never_written_are_empty(api: Api, brand: Brand) -> None:
    entries, answer = await _all_entries(api, brand.owner, brand.us)
    assert entries == []
    assert answer["ledgerProof"] == {"entryCount": 0, "head": GENESIS.hex(), "balances": []}
    pool = {"id": brand.master.id}
    nothing = {"balance": "0", "reserved": "0", "currency": "EUR", "mode": "SHARED_POOL", "pool": pool}
    assert answer["credit"] == nothing


async def test_the_nearest_balance_above_is_the_pool(api: Api, world: World, brand: Brand) -> None:
    """R19, R43; null for those who do not reach it (T3)."""
    below = await world.member(brand.store, BuiltinRole.FINANCE)
    query = "query ($id: ID!) { account(id: $id) { credit { pool { id credit { balance } } } } }"
    for own, pool in (([], brand.master), ([brand.us], brand.us), ([brand.store], brand.store)):
        await own_balances(world, *own)
        found = (await api.read(query, brand.owner, id=brand.store.id))["account"]["credit"]["pool"]
        assert found == {"id": pool.id, "credit": {"balance": "0"}}
        seen = (await api.read(query, below, id=brand.store.id))["account"]["credit"]["pool"]
        assert seen == (found if pool is brand.store else None)


@pytest.mark.parametrize("path", Path)
async def test_the_balance_at_any_past_moment(api: Api, moved: Brand, path: Path) -> None:
    entries, _ = await _all_entries(api, moved.owner, moved.us)
    moments = [datetime.datetime.fromisoformat(entry["createdAt"]) for entry in entries]
    instant = datetime.timedelta(microseconds=1)
    expected = {
        "9999-12-31T23:59:59.999999-14:00": "33000000",
        moments[0].isoformat(): "33000000",
        (moments[0] - instant).isoformat(): "35000000",
        moments[0].replace(tzinfo=None).isoformat(): "33000000",
        moments[1].astimezone(datetime.timezone(datetime.timedelta(hours=-11))).isoformat(): "35000000",
        moments[2].isoformat(): "30000000",
        (moments[2] - instant).isoformat(): "0",
        "0001-01-01T00:00:00+14:00": "0",
    }
    query = path.of(_AT)
    for moment, amount in expected.items():
        answer = await api.read(query, moved.owner, id=moved.us.id, moment=moment)
        assert answer["account"]["creditAt"] == amount, moment
    literal = f'{{ account(id: "{moved.us.id}") {{ creditAt(moment: "{moments[1].isoformat()}") }} }}'
    assert (await api.read(path.of(literal), moved.owner))["account"] == {"creditAt": "35000000"}


_TAMPERING = {
    "UPDATE ledger_entries SET amount = amount + 1, balance_after = balance_after + 1 WHERE sequence = 1": [
        "entry 1 was changed",
        "entry 2 has another balance than the sum of the entries",
        "entry 3 has another balance than the sum of the entries",
        "the balance CREDIT is not the sum of its entries",
    ],
    "UPDATE ledger_entries SET created_at = created_at - interval '1 day' WHERE sequence = 2": [
        "entry 2 was changed"
    ],
    "UPDATE ledger_entries SET hash = sha256('x') WHERE sequence = 2": [
        "entry 2 was changed",
        "entry 3 does not follow the one before it",
    ],
    "UPDATE ledger_balances SET amount = amount + 1": ["the balance CREDIT is not the sum of its entries"],
    "DELETE FROM ledger_entries WHERE sequence = 3": [
        "the last entries are missing",
        "the balance CREDIT is not the sum of its entries",
    ],
    "DELETE FROM ledger_entries WHERE sequence = 2": [
        "entry 2 is missing",
        "entry 3 does not follow the one before it",
        "entry 3 has another balance than the sum of the entries",
        "the balance CREDIT is not the sum of its entries",
    ],
    "UPDATE ledgers SET head = sha256('x')": ["the last entries are missing"],
}


@pytest.mark.parametrize("statement", _TAMPERING)
async def test_tampering_is_found(database: AsyncEngine, moved: Brand, statement: str) -> None:
    """Also by who owns the database; and put back, the books hold again."""
    assert await faults_of(database, moved.us) == []
    where = "AND" if "WHERE" in statement else "WHERE"
    saved = {}
    names = ("ledgers", "ledger_balances", "ledger_entries")
    async with database.begin() as connection:
        for name in names:
            rows = await connection.execute(text(f"SELECT * FROM {name} WHERE account_id = '{moved.us.key}'"))
            saved[name] = [dict(row._mapping) for row in rows]
        await connection.execute(text(f"{statement} {where} account_id = '{moved.us.key}'"))
    found = await faults_of(database, moved.us)
    async with database.begin() as connection:
        for name in reversed(names):
            await connection.execute(text(f"DELETE FROM {name} WHERE account_id = '{moved.us.key}'"))
        for name in names:
            columns = ", ".join(saved[name][0])
            places = ", ".join(f":{column}" for column in saved[name][0])
            await connection.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({places})"), saved[name])
    transaction = [what for what in found if "transaction" in what]
    assert [what for what in found if what not in transaction] == _TAMPERING[statement]
    assert bool(transaction) == ("amount + 1, " in statement or "DELETE" in statement)
    assert await faults_of(database, moved.us) == []
