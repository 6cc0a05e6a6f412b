"""Far statements: one for each tree, whatever an answer reads there; each reads one part of each table."""

from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.database.data_parts import parts_named
from tests.engine.far.sent import far_statements
from tests.engine.paths import Path
from tests.engine.statements import statements
from tests.world.contacts import give_contacts
from tests.world.world import Account, Person, World


@dataclass(frozen=True)
class _Scene:
    """Somebody in several trees, each of so many accounts with three contacts."""

    person: Person
    masters: list[Account]


async def _make(world: World, trees: int, accounts: int) -> _Scene:
    scene = _Scene(await world.person(), [await world.account() for _ in range(trees)])
    for master in scene.masters:
        await world.member(master, BuiltinRole.ADMINISTRATOR, scene.person)
        for account in [master, *[await world.account(master) for _ in range(accounts - 1)]]:
            await give_contacts(world, account, 3)
    return scene


_ALL = "{ viewer { accounts(first: 100) { nodes { %s } } } }"
_SELECTIONS = {
    "a page": "contacts(first: 2) { nodes { id email } }",
    "all that a page has": "contacts(first: 2) { totalCount edges { cursor node { id attributes } } "
    "nodes { id } pageInfo { hasNextPage endCursor } }",
    "two fields": "contacts { totalCount } oldest: contacts(last: 1) { nodes { id } }",
    "fields at two places": "contacts { totalCount } parent { contacts { nodes { id } } }",
}


@pytest.mark.parametrize("selection", _SELECTIONS.values(), ids=_SELECTIONS)
@pytest.mark.parametrize("trees", [1, 3])
@pytest.mark.parametrize("accounts", [1, 8])
async def test_an_answer_takes_one_statement_for_each_tree_besides(
    api: Api, world: World, selection: str, trees: int, accounts: int
) -> None:
    scene = await _make(world, trees, accounts)
    with statements() as sent:
        data = await api.read(_ALL % selection, scene.person)
    # The process may note beside it which keys were used.
    reads = [sql for sql in sent if "mandant_enter" in sql]
    assert len(reads) == 1 + trees
    assert len(data["viewer"]["accounts"]["nodes"]) == trees * accounts


async def test_an_answer_without_far_rows_takes_none(api: Api, world: World) -> None:
    """There is no account, or its contacts are hidden from the viewer."""
    account = await world.account()
    analyst = await world.member(account, BuiltinRole.ANALYST)
    for caller in (analyst, await world.person()):
        with statements() as sent:
            await api.ask(_ALL % _SELECTIONS["a page"], caller)
        assert len(sent) == 1


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("selection", _SELECTIONS.values(), ids=_SELECTIONS)
async def test_a_far_statement_reads_one_part_of_each_table(
    api: Api, world: World, database: AsyncEngine, path: Path, selection: str
) -> None:
    scene = await _make(world, 2, 2)
    with far_statements() as sent:
        await api.read(path.of(_ALL % selection), scene.person)
    assert len(sent) >= len(scene.masters)
    async with database.connect() as connection:
        for statement in sent:
            named = await parts_named(connection, statement.sql, *statement.values)
            # Attributes that were deleted are not shown.
            assert "contacts" in named
            assert named.keys() <= {"contacts", "contact_attributes"}
            assert {len(parts) for parts in named.values()} == {1}


async def test_a_statement_that_comes_often_reads_the_tree_that_it_enters(api: Api, world: World) -> None:
    """From the sixth time on PostgreSQL may take one plan for all trees."""
    scenes = [await _make(world, 1, accounts) for accounts in (1, 2, 3)]
    for _ in range(8):
        for scene in scenes:
            data = await api.read(_ALL % "id contacts(first: 2) { totalCount nodes { id } }", scene.person)
            for node in data["viewer"]["accounts"]["nodes"]:
                place = node["id"].removeprefix("acct_")
                ids = [contact["id"] for contact in node["contacts"]["nodes"]]
                assert node["contacts"]["totalCount"] == 3
                assert [id_.startswith(f"cntc_{place}_") for id_ in ids] == [True, True]
