"""Both executors keep a session out of an account whose second factor it has not proved."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from server.graphql.runner import OperationRunner
from tests.areas.second_factor.requiring import prove_factor, require_factor
from tests.equality.drawn.answers import check_equality, compiled, reference
from tests.equality.drawn.operations import operation
from tests.world.world import World

_DOCUMENTS = {
    "account": "query ($id: ID!) { account(id: $id) { id name requiresSecondFactor } }",
    "node": "query ($id: ID!) { node(id: $id) { id ... on Account { name members { totalCount } } } }",
    "first page": "query ($id: ID!) { viewer { accounts(first: 2) { nodes { id name } } } "
    "node(id: $id) { id } }",
    "whole list": 'query ($id: ID!) { viewer { accounts(first: 50, search: "Account") '
    "{ totalCount nodes { id } } } node(id: $id) { id } }",
    "below": "query ($id: ID!) { account(id: $id) { subaccounts(first: 5) { nodes { id parent { id } } } } }",
    "factors": "query ($id: ID!) { viewer { secondFactor { proved missingIn { nodes { accountId name } } } } "
    "node(id: $id) { id } }",
}


@pytest.mark.parametrize("name", _DOCUMENTS)
async def test_both_answer_alike_and_show_nothing(
    name: str, executor: OperationRunner, database: AsyncEngine
) -> None:
    world = World(database)
    master = await world.account()
    team = await world.account(master)
    store = await world.account(team)
    owner = await world.member(master, BuiltinRole.OWNER)
    member = await world.member(team, BuiltinRole.ADMINISTRATOR)
    await require_factor(world, team)
    seen: set[bool] = set()
    for proved in (False, True):
        for caller in (owner, member):
            for account in (master, team, store):
                asked = operation(_DOCUMENTS[name], id=account.id)
                assert await check_equality(executor, asked, caller)
                one, other = await compiled(executor, asked, caller), await reference(executor, asked, caller)
                shown: Any = f"{one} {other}"
                if team.name in shown or store.id in shown:
                    seen.add(proved)
        for caller in (owner, member):
            await prove_factor(world, caller.token)
    assert seen == ({False, True} if name == "factors" else {True})
