"""What one caller asks for is not in the way of others."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from authz.policy.builtin_roles import BuiltinRole
from server.database import replica_choice
from server.database.connections import connect_as_application
from server.database.read_pools import ReadPools
from server.embedded_postgres import DatabaseAddresses
from server.fairness.gate import Caller, Side
from server.graphql.documents import Documents
from server.graphql.endpoint import GraphQLEndpoint
from server.graphql.named_documents import PersistedQueries
from server.graphql.runner import OperationRunner
from server.http.authentication import credentials_of
from server.logs.request_log import GRAPHQL_PATH, RequestLog
from server.pages import graphiql_page
from tests.client.api import Api
from tests.client.schema import STRAWBERRY
from tests.server.deployed import deployed
from tests.server.start.small_server import NoStreams
from tests.waiting import until
from tests.world.world import ApiKey, World

_HOSTILE = "203.0.113.9"
_KNOWN = "{ viewer { id } }"
_WAITING = 64
"""As many requests of one principal wait to be compiled as `server.fairness.admission` allows."""


@pytest.fixture
async def executor(addresses: DatabaseAddresses) -> AsyncIterator[OperationRunner]:
    """One of its own, whose thread a test may stop."""
    database, reads = (
        connect_as_application(addresses.application, 4),
        ReadPools.open(addresses.application, 4),
    )
    made = OperationRunner(STRAWBERRY, database, reads, deployed())
    yield made
    await made.close()
    await reads.close()
    await database.dispose()


@pytest.fixture
async def key(world: World) -> ApiKey:
    """Of somebody whom nobody is to be in the way of."""
    return await world.api_key(await world.account(), BuiltinRole.ADMINISTRATOR)


@pytest.fixture
async def hostile_key(world: World) -> ApiKey:
    """Of somebody in another tree."""
    return await world.api_key(await world.account(), BuiltinRole.ADMINISTRATOR)


@asynccontextmanager
async def _clients(executor: OperationRunner) -> AsyncIterator[tuple[Api, Api]]:
    """The same endpoint, for callers at two addresses."""
    documents, named = Documents(executor.schema), PersistedQueries(executor.holder)
    endpoint = GraphQLEndpoint(
        executor.schema, documents, executor, executor.beside, graphiql_page(), named, NoStreams()
    )
    app = RequestLog(Starlette(routes=[Route(GRAPHQL_PATH, endpoint)]))
    async with _client(app, "127.0.0.1") as polite, _client(app, _HOSTILE) as hostile:
        yield polite, hostile


@asynccontextmanager
async def _client(app: RequestLog, address: str) -> AsyncIterator[Api]:
    async with Api.of(app, address) as found:
        yield found


@contextmanager
def _stopped(executor: OperationRunner) -> Iterator[threading.Event]:
    """The thread beside the event loop works for the hostile address, until the event is set or the end."""
    go_on = threading.Event()
    work = asyncio.ensure_future(executor.admission.beside(((Side.PLACE, _HOSTILE),), lambda: go_on.wait(60)))
    try:
        yield go_on
    finally:
        go_on.set()
        work.cancel()


async def _settled() -> None:
    """All that was asked for has come as far as it comes while the thread is stopped.

    So many turns of the event loop are enough, however long they take.
    """
    for _ in range(1_000):
        await asyncio.sleep(0)


async def test_who_asks_what_is_known_does_not_wait_for_what_is_not(
    executor: OperationRunner, key: ApiKey, hostile_key: ApiKey
) -> None:
    """A document is validated and compiled beside the event loop, and others in their callers' turns."""
    async with _clients(executor) as (polite, hostile):
        await polite.read(_KNOWN, key)
        await hostile.read(_KNOWN, hostile_key)
        await _is_known(executor, hostile_key)
        with _stopped(executor) as go_on:
            cold = [
                asyncio.create_task(hostile.ask(f"{{ a{number}: viewer {{ id }} }}", hostile_key))
                for number in range(_WAITING)
            ]
            await _settled()
            mine = asyncio.create_task(polite.ask("{ b: viewer { id } }", key))
            for _ in range(20):
                await polite.read(_KNOWN, key)
            assert not any(task.done() for task in [*cold, mine])
            go_on.set()
            assert (await mine).errors == []
            assert sum(task.done() for task in cold) <= 2 * len(("validated", "compiled"))
            answers = await asyncio.gather(*cold)
        assert [answer.status for answer in answers] == [200] * _WAITING


async def test_too_many_at_once_are_refused(executor: OperationRunner, hostile_key: ApiKey) -> None:
    """With 429 and Retry-After, before anything was done for them."""
    async with _clients(executor) as (_, hostile):
        await hostile.read(_KNOWN, hostile_key)
        await _is_known(executor, hostile_key)
        with _stopped(executor):
            cold = [
                asyncio.create_task(hostile.ask(f"{{ a{number}: viewer {{ id }} }}", hostile_key))
                for number in range(_WAITING)
            ]
            await _settled()
            headers = {"authorization": f"Bearer {hostile_key.token}"}
            body = {"query": "{ c: viewer { id } }"}
            refused = await hostile.http.post(GRAPHQL_PATH, json=body, headers=headers)
            (error,) = refused.json()["errors"]
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
            assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("RATE_LIMITED", 1)
        assert [answer.status for answer in await asyncio.gather(*cold)] == [200] * _WAITING


async def test_a_statement_that_takes_long_leaves_connections_to_others(
    executor: OperationRunner, key: ApiKey, hostile_key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody has asked before may take long."""
    monkeypatch.setattr(replica_choice, "SLOW_SECONDS", 60.0)  # what is known takes long on a busy machine
    caller = _of(executor, hostile_key)
    async with _clients(executor) as (polite, _):
        await polite.read(_KNOWN, key)
        async with executor.admission.slow_read(caller):
            second = asyncio.create_task(_read_slowly(executor, caller))
            await asyncio.sleep(0.1)
            assert not second.done()
            await polite.read(_KNOWN, key)
            async with executor.admission.slow_read(_of(executor, key)):
                await polite.read(_KNOWN, key)
        await second


async def test_mutations_of_one_caller_are_bounded_and_leave_connections_to_others(
    executor: OperationRunner, key: ApiKey, hostile_key: ApiKey
) -> None:
    async with _clients(executor) as (polite, hostile):
        await hostile.read(_KNOWN, hostile_key)
        await asyncio.gather(*executor._callers._looking.values())
        caller = executor._callers.caller(credentials_of(f"Bearer {hostile_key.token}", ""), _HOSTILE)
        async with executor.admission.operation(caller), executor.admission.operation(caller):
            waiting = asyncio.create_task(
                hostile.ask("mutation { signOut { userErrors { code } } }", hostile_key)
            )
            await asyncio.sleep(0.1)
            assert (await polite.ask("mutation { signOut { userErrors { code } } }", key)).errors == []
            assert not waiting.done()
        assert (await waiting).errors == []


async def test_many_errors_are_told_beside_the_event_loop(
    executor: OperationRunner, world: World, key: ApiKey
) -> None:
    """An answer of 700 refused fields waits for the thread, and the reads of others do not."""
    account = await world.account()
    analyst = await world.member(account, BuiltinRole.ANALYST)
    for _ in range(6):
        await world.member(await world.account(), BuiltinRole.ANALYST, analyst.person)
    refused = " ".join(f"a{number}: members {{ totalCount }}" for number in range(100))
    query = f"{{ viewer {{ accounts(first: 7) {{ nodes {{ {refused} }} }} }} }}"
    async with _clients(executor) as (polite, asker):
        await polite.read(_KNOWN, key)
        await asker.ask(query, analyst)
        with _stopped(executor):
            asked = asyncio.create_task(asker.ask(query, analyst))
            await asyncio.sleep(0.1)
            await polite.read(_KNOWN, key)
            assert not asked.done()
        answer = await asked
    assert answer.codes == ["FORBIDDEN"] * 700
    assert len({error["extensions"]["requestId"] for error in answer.errors}) == 1


async def _is_known(executor: OperationRunner, key: ApiKey) -> None:
    """From then on its requests wait as those of the key, and before as those of its address."""
    await until(lambda: len(executor.caller(f"Bearer {key.token}", _HOSTILE)) > 1)


def _of(executor: OperationRunner, key: ApiKey) -> Caller:
    return ((Side.PRINCIPAL, key.token), (Side.PLACE, key.token))


async def _read_slowly(executor: OperationRunner, caller: Caller) -> None:
    async with executor.admission.slow_read(caller):
        pass


async def test_what_is_put_together_one_by_one_is_small(executor: OperationRunner, key: ApiKey) -> None:
    """A page is read by one statement. With a question about the schema beside it, Python would put it
    together: 10,000 fields would take a third of a second of everybody's time."""
    page = "viewer { accounts(first: 100) { nodes { members(first: 50) { nodes { id joinedAt } } } } }"
    asked = {
        "page": f"{{ {page} }}",
        "schema": "{ __schema { queryType { name } } }",
        "both": f"{{ {page} __schema {{ queryType {{ name }} }} }}",
        "by a variable": "query ($x: Boolean = true) { __schema @include(if: $x) { types { name fields "
        "{ name args { name type { name } } type { name ofType { name } } } } } }",
    }
    async with _clients(executor) as (client, _):
        answers = {name: await client.ask(text, key) for name, text in asked.items()}
    codes = {name: answer.codes for name, answer in answers.items()}
    refused = ["COST_EXCEEDED"]
    assert codes == {"page": [], "schema": [], "both": refused, "by a variable": refused}
