"""What holds a narrowed token even where a resolver makes a mistake: the second wall, and the marks of
mutations."""

import asyncio

import pytest
from graphql import GraphQLObjectType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.principals import credentials_of
from authz.policy.builtin_roles import BuiltinRole
from authz.wall.row_security import entering
from engine.base.marks import Requires, RequiresAny, StaffOnly
from models.accounts.tables import accounts
from models.base.columns import APPLICATION_ROLE
from schema.fields.directives import directives_of
from schema.root import build_schema, graphql_schema
from server.database.connections import read_pool
from server.embedded_postgres import DatabaseAddresses
from server.fairness.callers import Callers
from server.fairness.gate import Caller
from tests.areas.narrowed_tokens.narrowing import narrowed
from tests.client.api import Api
from tests.world.world import World

_MUTATIONS: GraphQLObjectType = graphql_schema(build_schema()).mutation_type  # type: ignore[assignment]
_PERSONAL = sorted(
    name
    for name, field in _MUTATIONS.fields.items()
    if not any(isinstance(mark, Requires | RequiresAny | StaffOnly) for mark in directives_of(field))
)


def test_the_list_is_not_empty() -> None:
    assert {"signIn", "signOut", "passwordChange", "invitationAccept", "tokenNarrow"} <= set(_PERSONAL)


async def test_the_second_wall_shows_the_trees_of_its_accounts_alone(
    api: Api, world: World, database: AsyncEngine
) -> None:
    person = await world.person()
    first, second, third = [await world.account() for _ in range(3)]
    for account in (first, second, third):
        await world.member(account, BuiltinRole.ADMINISTRATOR, person)
    token = await narrowed(api, person, [first, second], ["ACCOUNT_READ"])
    for kind_is_known in (True, False):
        credentials = credentials_of(token.token)
        assert credentials is not None
        if not kind_is_known:
            credentials = credentials._replace(kind=None)
        async with database.connect() as connection:
            await connection.exec_driver_sql(f"SET LOCAL ROLE {APPLICATION_ROLE}")
            await connection.execute(select(entering()), credentials.binds)
            shown = (await connection.execute(select(accounts.c.id))).scalars().all()
            await connection.rollback()
        assert set(shown) == {first.key, second.key}


@pytest.mark.parametrize("name", [name for name in _PERSONAL if name not in ("tokenNarrow", "tokenRevoke")])
async def test_what_is_for_the_person_or_the_key_itself_is_refused_as_a_whole(
    name: str, api: Api, world: World
) -> None:
    """Also beside a mutation that the token may do, which is not done then."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    token = await narrowed(api, owner, [account], ["ACCOUNT_WRITE"])
    field = _MUTATIONS.fields[name]
    input_ = field.args.get("input")
    declared = f", $input: {input_.type}" if input_ else ""
    given_ = "(input: $input)" if input_ else ""
    query = f"""mutation ($account: ID!{declared}) {{
      accountUpdate(input: {{accountId: $account, expectedVersion: 1, name: "Changed"}}) {{ authzRevision }}
      {name}{given_} {{ userErrors {{ code }} }}
    }}"""
    values = {"input": None} if input_ else {}
    answer = await api.ask(query, token, account=account.id, **values)
    assert answer.codes == ["FORBIDDEN"], answer
    assert answer.data is None
    found = await api.read("query ($id: ID!) { account(id: $id) { name version } }", owner, id=account.id)
    assert found["account"] == {"name": account.name, "version": 1}


async def test_the_person_stays_signed_in(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    token = await narrowed(api, owner, [account], ["ACCOUNT_WRITE"])
    await api.ask("mutation { signOut { userErrors { code } } }", token)
    assert (await api.read("{ viewer { user { id } } }", owner))["viewer"]["user"]["id"] == owner.person.id


async def test_it_counts_for_what_it_was_made_of(
    api: Api, world: World, addresses: DatabaseAddresses
) -> None:
    """However many tokens a caller makes of itself, it has one caller's share of the server."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    outer = [await narrowed(api, parent, [account], ["ACCOUNT_READ"]) for parent in (owner, key)]
    inner = [await narrowed(api, parent, [account], ["ACCOUNT_READ"]) for parent in outer]
    pool = read_pool(addresses.application, 1)
    callers, tokens = Callers(pool), [owner.token, key.token, *(each.token for each in (*outer, *inner))]
    try:
        sides = [await _sides(callers, token) for token in tokens]
    finally:
        await callers.close()
        await pool.close()
    of_owner, of_key = sides[:2]
    assert of_owner != of_key
    assert sides == [of_owner, of_key] * 3


async def _sides(callers: Callers, token: str) -> Caller:
    credentials = credentials_of(token)
    assert credentials is not None
    callers.note(credentials)
    await asyncio.gather(*callers._looking.values())
    return callers.caller(credentials, "192.0.2.1")
