"""The bank: transfers in rings by many clients, while the server is killed and its connections are cut off
(N6, T16, T17).

Each client repeats a transfer under the same key until it is answered. At any moment the total is what it
was; in the end each acknowledged transfer is in the books once, and nothing else is.
"""

import asyncio
import random
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from models.credit.tables import ledger_transactions
from server.embedded_postgres import DatabaseAddresses
from tests.client.api import Answer, Api
from tests.server.start.processes import PATIENCE, Running, running
from tests.world.credit import credit_of, faults_of, give_credit, own_balances
from tests.world.world import Account, Member, World

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
_ANSWERED_BEFORE = 16
"""How many operations the first process answers before it is killed."""


class _Bank:
    """A server's process, which is killed, and another one in its place."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._settings = {"DATABASE_URL": database_url, "PORT": "0", "MANDANT_POOL_SIZE": "6"}
        self._api: Api | None = None
        self._answered = 0
        self._answered_enough = asyncio.Event()

    async def ask(self, query: str, owner: Member, **variables: object) -> Answer | None:
        """The answer; None where there is none, or one of errors: nobody knows what was done."""
        if self._api is None:
            return None
        try:
            answer = await self._api.ask(query, owner, **variables)
        except httpx.TransportError:
            return None
        if answer.errors or answer.data is None:
            return None
        self._answered += 1
        if self._answered == _ANSWERED_BEFORE:
            self._answered_enough.set()
        return answer

    async def open(self, over: asyncio.Event) -> None:
        """Serve until it is over; in the middle of it the process is killed."""
        async with self._serving() as first:
            await self._answered_enough.wait()
            first.process.send_signal(signal.SIGKILL)
        async with self._serving():
            await over.wait()

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[Running]:
        with running(self._folder, "serve", **self._settings) as server:
            url = re.search(r"http://[\d.:]+", await asyncio.to_thread(server.wait_for, "/graphql"))
            assert url is not None
            async with httpx.AsyncClient(base_url=url[0], timeout=PATIENCE) as http:
                self._api = Api(http)
                yield server
                self._api = None


async def _client(bank: _Bank, owner: Member, ring: list[Account], name: int) -> list[str]:
    """The transactions that it was told of. Who has nothing to give is told so, and goes on."""
    choices, told = random.Random(name), []
    for number in range(_TRANSFERS):
        source, target = choices.sample(ring, 2)
        transfer = {"fromAccountId": source.id, "toAccountId": target.id, "amount": choices.randint(1, 20)}
        transfer["idempotencyKey"] = f"{name}-{number}"
        payload = await _transferred(bank, owner, transfer)
        if payload["userErrors"]:
            assert payload["userErrors"] == [{"code": "INSUFFICIENT_CREDIT"}]
        else:
            told.append(payload["transaction"]["id"])
    return told


async def _transferred(bank: _Bank, owner: Member, transfer: dict[str, object]) -> Any:
    """The payload, asked for until somebody knows what was done, and it was not too busy to do anything."""
    while True:
        answer = await bank.ask(_TRANSFER, owner, input=transfer)
        if answer is not None and answer.data["creditTransfer"]["userErrors"] != [{"code": "BUSY"}]:
            return answer.data["creditTransfer"]
        await asyncio.sleep(0.05)


async def _auditor(bank: _Bank, owner: Member, ring: list[Account], over: asyncio.Event) -> int:
    """How often it could read the total; it was right each time."""
    reads = 0
    while not over.is_set():
        answer = await bank.ask(_READ, owner, ids=[account.id for account in ring])
        if answer is not None:
            amounts = [node["credit"] for node in answer.data["nodes"]]
            assert sum(int(row["balance"]) + int(row["reserved"]) for row in amounts) == _TOTAL
            reads += 1
        await asyncio.sleep(0.05)
    return reads


async def _cutter(database: AsyncEngine, over: asyncio.Event) -> int:
    """How many connections it cut off."""
    cut = 0
    while not over.is_set():
        async with database.connect() as connection:
            cut += len((await connection.execute(_CUT)).all())
        await asyncio.sleep(0.2)
    return cut


async def test_the_bank_loses_and_doubles_nothing(
    world: World, database: AsyncEngine, addresses: DatabaseAddresses, tmp_path: Path
) -> None:
    ring = [await world.account()]
    for _ in range(3):
        ring.append(await world.account(ring[-1]))
    await own_balances(world, *ring[1:])
    owner = await world.member(ring[0], BuiltinRole.OWNER)
    await give_credit(world, ring[0], _TOTAL)
    over, bank = asyncio.Event(), _Bank(tmp_path, addresses.application)
    async with asyncio.timeout(3 * PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(bank.open(over))
        auditing = group.create_task(_auditor(bank, owner, ring, over))
        cutting = group.create_task(_cutter(database, over))
        told = await asyncio.gather(*[_client(bank, owner, ring, name) for name in range(_CLIENTS)])
        over.set()
    assert auditing.result() > 0
    assert cutting.result() > 0
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
