"""Clients of a server that move credit, rename accounts and read, whatever happens to it.

A client repeats a transfer under the same key until somebody says what became of it. After a change of a name
without an answer it reads the account. So in the end each knows what was done.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.faults.books import TOTAL, Books, Named, Tree
from tests.faults.ledger_of_answers import LOST, NOT_LET_IN, Answers
from tests.server.start.processes import PATIENCE
from tests.waiting import until
from tests.world.world import Member

TRANSFER, RENAME, READ = "transfer", "rename", "read"
KINDS = {TRANSFER, RENAME, READ}

_TRANSFER = """mutation ($input: CreditTransferInput!) { creditTransfer(input: $input) {
  transaction { id } userErrors { code } } }"""
RENAME_DOCUMENT = """mutation ($input: AccountUpdateInput!) { accountUpdate(input: $input) {
  account { version } userErrors { code } } }"""
_NAME = "query ($id: ID!) { account(id: $id) { name version } }"
_CREDIT = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Account { credit { balance reserved } } } }"
_NO_CREDIT = "INSUFFICIENT_CREDIT"
_CHANGED_MEANWHILE = "CONFLICT"
"""A change without an answer was done after the client had looked."""
_ANSWERS = {_NO_CREDIT, _CHANGED_MEANWHILE}
_EXPECTED = {"", *_ANSWERS, "UNAVAILABLE", "BUSY", "STORAGE_FULL"}
_PAUSE = 0.02
_READY_PAUSE = 0.1
_NOT_DONE = "BUSY"
"""The refusal that says that nothing was done."""


class Load:
    """The clients of one server. `url`: where they ask; it may change. `keeps_connections`: a client asks
    again and again on one connection."""

    def __init__(self, books: Books, url: str, *, keeps_connections: bool = True) -> None:
        self.url = url
        self.answers = Answers()
        self.ready = Answers()
        """What `/readyz` said: its code, empty for ready."""
        self._books = books
        limits = httpx.Limits(max_keepalive_connections=None if keeps_connections else 0)
        self._http = httpx.AsyncClient(timeout=PATIENCE, limits=limits)
        self._over = asyncio.Event()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator["Load"]:
        """Clients ask inside the block. Behind it each knows what was done; the server has to be there."""
        async with self._http, asyncio.timeout(None) as limit, asyncio.TaskGroup() as group:
            for number, named in enumerate(self._books.named):
                group.create_task(self._client(number, named))
            group.create_task(self._watch())
            try:
                yield self
            finally:
                self._over.set()
                limit.reschedule(asyncio.get_running_loop().time() + PATIENCE)

    async def back(self, since: float) -> float:
        """Wait until everything works for who asked since then, and `/readyz` says so. How many seconds it
        took."""
        await until(lambda: set(self.answers.done(since)) == KINDS and bool(self.ready.done(since)))
        return Answers.now() - since

    async def works(self, operations: int = 30) -> None:
        """From now on so many things are done, and nothing fails but for want of room."""
        since = Answers.now()
        await until(lambda: self.answers.done(since).total() >= operations)
        assert set(self.answers.codes(since)) <= {"BUSY"}, self.answers.codes(since)

    async def told(self, code: str, since: float) -> None:
        """Wait until somebody who asked since then is told this code."""
        await until(lambda: code in self.answers.codes(since))

    async def ready_says(self, code: str) -> None:
        """Wait until `/readyz` says this code to who asks from now on."""
        since = Answers.now()
        await until(lambda: any(told.code == code and told.asked_at >= since for told in self.ready.told))

    async def _client(self, number: int, named: Named) -> None:
        choices = random.Random(number)
        transfers = 0
        while not self._over.is_set():
            tree = choices.choice(self._books.trees)
            transfers += 1
            await self._transfer(tree, choices, f"{number}-{transfers}")
            await self._rename(named, f"{number}-{transfers}")
            await self._read(tree)

    async def _transfer(self, tree: Tree, choices: random.Random, key: str) -> None:
        source, target = choices.sample(tree.ring, 2)
        values: dict[str, Any] = {"fromAccountId": source.id, "toAccountId": target.id, "idempotencyKey": key}
        values["amount"] = choices.randint(1, 20)
        while True:
            code, data = await self._ask(TRANSFER, _TRANSFER, tree.owner, input=values)
            if not code:
                self._books.transfers.append(data["creditTransfer"]["transaction"]["id"])
            if not code or code == _NO_CREDIT:
                return

    async def _rename(self, named: Named, name: str) -> None:
        values = {"accountId": named.account.id, "expectedVersion": named.version, "name": name}
        code, data = await self._ask(RENAME, RENAME_DOCUMENT, named.owner, input=values)
        if not code:
            named.is_now(data["accountUpdate"]["account"]["version"], name)
        elif code == _CHANGED_MEANWHILE:
            before = named.version
            await self._learn(named)
            assert named.version > before, named
        elif code != _NOT_DONE:
            named.tried.add(name)
            await self._learn(named)

    async def _learn(self, named: Named) -> None:
        """What became of a change without an answer."""
        while True:
            code, data = await self._ask(READ, _NAME, named.owner, id=named.account.id)
            if not code:
                version, name = data["account"]["version"], data["account"]["name"]
                assert named.agrees(version, name), (named, version, name)
                named.is_now(version, name)
                return

    async def _read(self, tree: Tree) -> None:
        code, data = await self._ask(READ, _CREDIT, tree.owner, ids=[account.id for account in tree.ring])
        if not code:
            amounts = [node["credit"] for node in data["nodes"]]
            assert sum(int(each["balance"]) + int(each["reserved"]) for each in amounts) == TOTAL

    async def _ask(self, what: str, query: str, caller: Member, **variables: object) -> tuple[str, Any]:
        """The code and the data of the answer."""
        await asyncio.sleep(_PAUSE)
        asked_at = Answers.now()
        headers = {"Authorization": f"Bearer {caller.token}"}
        body = {"query": query, "variables": variables}
        code, data = "", None
        try:
            response = await self._http.post(f"{self.url}/graphql", json=body, headers=headers)
        except httpx.ConnectError:
            code = NOT_LET_IN
        except httpx.TransportError:
            code = LOST
        else:
            answer = response.json()
            code, data = _code_of(answer), answer.get("data")
            assert code in _EXPECTED, answer
        # That somebody has no credit is an answer like another.
        self.answers.note(what, asked_at, "" if code in _ANSWERS else code)
        return code, data

    async def _watch(self) -> None:
        while not self._over.is_set():
            asked_at = Answers.now()
            try:
                response = await self._http.get(f"{self.url}/readyz")
            except httpx.TransportError:
                code = LOST
            else:
                code = response.json().get("code", "")
                assert (response.status_code == 200) is (code == ""), response.text
            self.ready.note("ready", asked_at, code)
            await asyncio.sleep(_READY_PAUSE)


def _code_of(answer: dict[str, Any]) -> str:
    """The first code with which something was refused; empty if it was done."""
    for error in answer.get("errors", []):
        code: str = error["extensions"]["code"]
        return code
    payloads = [value for value in (answer["data"] or {}).values() if isinstance(value, dict)]
    codes = [error["code"] for payload in payloads for error in payload.get("userErrors", [])]
    return codes[0] if codes else ""
