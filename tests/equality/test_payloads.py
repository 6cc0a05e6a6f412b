"""A mutation's payload is read as a query would read it, by the compiled executor."""

from collections.abc import AsyncIterator
from typing import Any, NoReturn

import pytest
from graphql import ExecutionResult

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS, Permission, mask_of
from engine.base.client_values import NotCompilableError
from engine.database.pool import Pool
from models.base.ids import Kind, present
from server.database.connections import connect_as_application
from server.database.read_pools import ReadPools
from server.embedded_postgres import DatabaseAddresses
from server.graphql.runner import OperationRunner
from tests.client.api import Caller
from tests.client.schema import STRAWBERRY
from tests.equality.drawn.operations import operation
from tests.server.deployed import deployed
from tests.world.world import Account, World

_SELECTION = (
    "{ ...Names also: name status version parent { id } viewerPermissions kind @include(if: $all) "
    "subaccounts(first: $size) { totalCount nodes { ...Names members { nodes { user { name } } } } } "
    "events(first: 1) { edges { cursor } pageInfo { hasNextPage } } invitations { nodes { email } } }"
)
_NAMES = "fragment Names on Account { id name }"
_CHANGE = (
    "mutation ($input: AccountUpdateInput!, $all: Boolean!, $size: Int) "
    f"{{ accountUpdate(input: $input) {{ account {_SELECTION} userErrors {{ code }} }} }} {_NAMES}"
)
_LOOK = f"query ($id: ID!, $all: Boolean!, $size: Int) {{ account(id: $id) {_SELECTION} }} {_NAMES}"


@pytest.fixture
async def master(world: World) -> Account:
    """An account with two below it and some members."""
    made = await world.account()
    for _ in range(2):
        below = await world.account(made)
        await world.member(below, BuiltinRole.ANALYST)
    return made


async def _ask(executor: OperationRunner, caller: Caller, source: str, **variables: Any) -> ExecutionResult:
    asked = operation(source, **variables)
    answer = await executor(asked.request, asked.document, f"Bearer {caller.token}", "127.0.0.1")
    assert isinstance(answer, ExecutionResult)
    return answer


@pytest.fixture
async def debugging(addresses: DatabaseAddresses, reads: Pool, far: Pool) -> AsyncIterator[OperationRunner]:
    """Says which executor read."""
    engine = connect_as_application(addresses.application, 2)
    executor = OperationRunner(STRAWBERRY, engine, ReadPools(reads, far), deployed(), debug=True)
    yield executor
    await executor.close()
    await engine.dispose()


@pytest.fixture
async def without_plans(
    addresses: DatabaseAddresses, reads: Pool, far: Pool, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OperationRunner]:
    """The same while payloads cannot be compiled, as where too much is asked at once."""
    engine = connect_as_application(addresses.application, 2)
    executor = OperationRunner(STRAWBERRY, engine, ReadPools(reads, far), deployed(), debug=True)

    async def refuse(*_: object) -> NoReturn:
        raise NotCompilableError

    monkeypatch.setattr(executor._compiled, "find_payload", refuse)
    yield executor
    await executor.close()
    await engine.dispose()


def _errors(answer: ExecutionResult, places: int) -> list[tuple[object, ...]]:
    """The errors, with their paths from the account on."""
    found = [(e.message, str(e.extensions), tuple((e.path or [])[places:])) for e in answer.errors or []]
    return sorted(found, key=str)


@pytest.mark.parametrize("everything", [True, False])
async def test_a_payload_is_read_as_a_query_reads_it(
    debugging: OperationRunner,
    without_plans: OperationRunner,
    world: World,
    master: Account,
    everything: bool,
) -> None:
    """Denied fields with their errors and paths included; also where the reference executor must read it."""
    narrow = mask_of(frozenset({Permission.ACCOUNT_READ, Permission.ACCOUNT_WRITE}))
    caller = await world.api_key(master, scopes=ALL_PERMISSIONS if everything else narrow)
    for number, executor in enumerate([debugging, debugging, without_plans]):
        command = {"accountId": master.id, "expectedVersion": number + 1, "name": f"Name {number}"}
        options = {"all": everything, "size": 1 + number}
        changed = await _ask(executor, caller, _CHANGE, input=command, **options)
        looked = await _ask(debugging, caller, _LOOK, id=master.id, **options)
        assert changed.data is not None
        assert looked.data is not None
        payload = changed.data["accountUpdate"]
        assert payload["userErrors"] == []
        assert payload["account"]["also"] == f"Name {number}"
        assert payload["account"] == looked.data["account"]
        assert _errors(changed, 2) == _errors(looked, 1)
        assert bool(changed.errors) is not everything
        assert changed.extensions == {"executor": "compiled" if executor is debugging else "reference"}
        assert looked.extensions == {"executor": "compiled"}


async def test_several_changes_of_a_request_each_show_what_they_wrote(
    debugging: OperationRunner, world: World, master: Account
) -> None:
    caller = await world.api_key(master)
    fields = "{ account { name version } userErrors { code } }"
    changes = " ".join(
        f'{name}: accountUpdate(input: {{accountId: "{master.id}", '
        f'expectedVersion: {version}, name: "{name}"}}) {fields}'
        for name, version in (("one", 1), ("late", 1), ("two", 2))
    )
    answer = await _ask(debugging, caller, f"mutation {{ {changes} }}")
    assert answer.errors is None
    assert answer.data == {
        "one": {"account": {"name": "one", "version": 2}, "userErrors": []},
        "late": {"account": None, "userErrors": [{"code": "CONFLICT"}]},
        "two": {"account": {"name": "two", "version": 3}, "userErrors": []},
    }


async def test_a_secret_is_told_also_where_its_key_cannot_be_read(
    without_plans: OperationRunner, world: World, master: Account
) -> None:
    owner = await world.member(master, BuiltinRole.OWNER)
    developer = present(Kind.ROLE, BuiltinRole.DEVELOPER.id)
    answer = await _ask(
        without_plans,
        owner,
        "mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { secret apiKey { name } } }",
        input={"accountId": master.id, "name": "Shop", "roleId": developer},
    )
    assert answer.errors is None
    assert answer.data is not None
    assert answer.data["apiKeyCreate"]["apiKey"] == {"name": "Shop"}
    assert answer.data["apiKeyCreate"]["secret"].startswith("mdt_live_")
