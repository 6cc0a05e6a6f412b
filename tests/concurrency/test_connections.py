"""More requests at once than there are connections: each waits for its turn, none for another that waits."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from authz.callers.tokens import TokenKind, generate
from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api
from tests.engine.paths import Path
from tests.world.world import World

_CONNECTIONS = 2
_REQUESTS = 3 * _CONNECTIONS


@pytest.fixture(scope="module")
async def small(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[Api]:
    """The application with few connections."""
    app: Starlette = create_app(
        settings.model_copy(update={"pool_size": _CONNECTIONS}), addresses.application
    )
    async with app.router.lifespan_context(app), Api.of(app) as found:
        yield found


@pytest.mark.parametrize("path", Path)
async def test_reads_with_keys_that_are_used_for_the_first_time(small: Api, world: World, path: Path) -> None:
    """The first use of a minute is noted."""
    account = await world.account()
    keys = [await world.api_key(account) for _ in range(_REQUESTS)]
    query = path.of("{ viewer { apiKey { id } } }")
    answers = await asyncio.gather(*[small.ask(query, key) for key in keys])
    assert [answer.codes for answer in answers] == [[]] * _REQUESTS


async def test_writes_with_keys_that_are_used_for_the_first_time(small: Api, world: World) -> None:
    accounts = [await world.account() for _ in range(_REQUESTS)]
    keys = [await world.api_key(account) for account in accounts]
    query = (
        'mutation ($id: ID!) { accountUpdate(input: {accountId: $id, expectedVersion: 1, name: "New"}) '
        "{ account { name members { totalCount } } userErrors { code } } }"
    )
    answers = await asyncio.gather(
        *[small.ask(query, key, id=account.id) for key, account in zip(keys, accounts, strict=True)]
    )
    assert [answer.codes for answer in answers] == [[]] * _REQUESTS


async def test_several_changes_in_each_request(small: Api, world: World) -> None:
    """The second change must not need a second connection while the first one's payload holds one."""
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    children = [await world.account(master) for _ in range(_REQUESTS)]
    query = """
    mutation ($id: ID!) {
      one: accountUpdate(input: {accountId: $id, expectedVersion: 1, name: "One"}) { account { name } }
      two: accountUpdate(input: {accountId: $id, expectedVersion: 2, name: "Two"}) { account { name } }
    }
    """
    answers = await asyncio.gather(*[small.ask(query, owner, id=child.id) for child in children])
    assert [answer.codes for answer in answers] == [[]] * _REQUESTS
    assert [answer.data["two"]["account"]["name"] for answer in answers] == ["Two"] * _REQUESTS


async def test_a_query_of_an_invitation_beside_other_things(small: Api, world: World) -> None:
    """What Python answers must not need a second connection while the snapshot holds one."""
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    query = "query ($token: String!) { viewer { id } invitation(token: $token) { email } }"
    token = generate(TokenKind.INVITATION)
    answers = await asyncio.gather(*[small.ask(query, owner, token=token) for _ in range(_REQUESTS)])
    assert [answer.codes for answer in answers] == [[]] * _REQUESTS
