"""The bank: transfers in rings by many clients, while the server's connections are cut off (N6, T16, T17).

Each client repeats a transfer under the same key until it is answered. At any moment the total is what it
was; in the end each acknowledged transfer is in the books once, and nothing else is.
"""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.builtin_roles import BuiltinRole
from models.identifiers import Kind, present
from models.ledger import ledger_transactions
from server.app import create_app
from server.embedded_postgres import DatabaseAddresses
from server.settings import Settings
from tests.api import Api
from tests.credit import credit_of, faults_of, give_credit, own_balances
from tests.world import Account, Member, World

_CLIENTS = 16
_TRANSFERS = 4
_TOTAL = 60
_TRANSFER = """mutation ($input: CreditTransferInput!) { creditTransfer(input: $input) {
  transaction { id } userErrors { code } } }"""
_READ = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Account { credit { balance reserved } } } }"
_CUT = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = 'mandant' ORDER BY random() LIMIT 2"
)


@pytest.fixture
async def bank(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[Api]:
    """An application of its own, whose connections are cut off."""
    app = create_app(settings.model_copy(update={"pool_size": 6}), addresses.application)
    async with app.router.lifespan_context(app), Api.of(app) as found:
        yield found


async def _client(api: Api, owner: Member, ring: list[Account], name: int) -> list[str]:
    """The transactions that it was told of. Who has nothing to give is told so, and goes on."""
    choices, told = random.Random(name), []
    for number in range(_TRANSFERS):
        source, target = choices.sample(ring, 2)
        transfer = {"fromAccountId": source.id, "toAccountId": target.id, "amount": choices.randint(1, 20)}
        transfer["idempotencyKey"] = f"{name}-{number}"
        while True:
            answer = await api.ask(_TRANSFER, owner, input=transfer)
            if not answer.errors and answer.data is not None:
                break
            await asyncio.sleep(0.01)
        payload = answer.data["creditTransfer"]
        if payload["userErrors"]:
            assert payload["userErrors"] == [{"code": "INSUFFICIENT_CREDIT"}]
        else:
            told.append(payload["transaction"]["id"])
    return told


async def _auditor(api: Api, owner: Member, ring: list[Account], over: asyncio.Event) -> int:
    """How often it could read the total; it was right each time."""
    reads = 0
    while not over.is_set():
        answer = await api.ask(_READ, owner, ids=[account.id for account in ring])
        if not answer.errors:
            amounts = [node["credit"] for node in answer.data["nodes"]]
            assert sum(int(row["balance"]) + int(row["reserved"]) for row in amounts) == _TOTAL
            reads += 1
        await asyncio.sleep(0.01)
    return reads


async def _cutter(database: AsyncEngine, over: asyncio.Event) -> int:
    """How many connections it cut off."""
    cut = 0
    while not over.is_set():
        async with database.connect() as connection:
            cut += len((await connection.execute(_CUT)).all())
        await asyncio.sleep(0.1)
    return cut


async def test_the_bank_loses_and_doubles_nothing(bank: Api, world: World, database: AsyncEngine) -> None:
    ring = [await world.account()]
    for _ in range(3):
        ring.append(await world.account(ring[-1]))
    await own_balances(world, *ring[1:])
    owner = await world.member(ring[0], BuiltinRole.OWNER)
    await give_credit(world, ring[0], _TOTAL)
    over = asyncio.Event()
    auditing = asyncio.create_task(_auditor(bank, owner, ring, over))
    cutting = asyncio.create_task(_cutter(database, over))
    async with asyncio.timeout(60):
        told = await asyncio.gather(*[_client(bank, owner, ring, name) for name in range(_CLIENTS)])
    over.set()
    assert await auditing > 0
    assert await cutting > 0
    transaction = ledger_transactions.c
    statement = select(transaction.id).where(
        transaction.master_id == ring[0].key, transaction.kind == "TRANSFER"
    )
    async with database.connect() as connection:
        posted = [
            present(Kind.LEDGER_TRANSACTION, id_) for id_ in (await connection.execute(statement)).scalars()
        ]
    assert sorted(posted) == sorted(id_ for client in told for id_ in client)
    assert sum([await credit_of(database, account) for account in ring]) == _TOTAL
    assert await faults_of(database, *ring) == []
