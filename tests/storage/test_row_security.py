"""The second wall: rows of foreign trees stay in the database, whatever the application asks of control
tables. That of data tables has tests of its own."""

from collections.abc import AsyncIterator, Hashable
from typing import Any

import pytest
from sqlalchemy import FromClause, Select, func, insert, literal, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import engine.compiled.fields
import engine.reference.executor
import resolvers.accounts.reads
from authz.callers.principals import Credentials
from authz.callers.tokens import digest_of
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS
from authz.wall.row_security import entering, entering_by_link, tables_of_trees
from engine.compiled.fragment_cache import Place
from engine.compiled.fragments import Fragment
from engine.declare.declarations import SqlField
from engine.reference.statements import Statement, statement
from models.accounts.tables import accounts
from models.base.ids import new_id
from models.base.planes import Plane
from server.database.connections import connect_as_application
from server.database.read_pools import ReadPools
from server.embedded_postgres import DatabaseAddresses
from server.graphql.runner import OperationRunner
from tests.client.api import Caller
from tests.client.schema import STRAWBERRY
from tests.equality.drawn import rows
from tests.equality.drawn.answers import Answer, compiled, reference
from tests.equality.drawn.operations import operation
from tests.server.deployed import deployed
from tests.storage.tree import make_tree
from tests.world.shares import Given, give_share
from tests.world.world import Account, Member, World

_TABLES = {table.name: table for table in tables_of_trees(Plane.CONTROL)}
_WRITTEN_BY_REQUESTS_ALONE = {"idempotency_records"}


@pytest.fixture(scope="module")
async def tree(database: AsyncEngine) -> tuple[Account, Member]:
    """A tree with something in every table, and its owner."""
    return await _tree(World(database))


@pytest.fixture(scope="module")
async def other(database: AsyncEngine) -> tuple[Account, Member]:
    """Another one."""
    return await _tree(World(database))


async def _tree(world: World) -> tuple[Account, Member]:
    tree = await make_tree(world)
    return tree.master, tree.owner


async def _enter(connection: AsyncConnection, caller: Caller) -> None:
    await connection.execute(select(entering()), Credentials(digest_of(caller.token)).binds)


async def _trees(connection: AsyncConnection, table: str) -> set[object]:
    return set((await connection.execute(select(_TABLES[table].c.master_id))).scalars())


@pytest.mark.parametrize("table", sorted(_TABLES.keys() - _WRITTEN_BY_REQUESTS_ALONE))
async def test_a_table_shows_the_own_trees_alone(
    application: AsyncEngine,
    database: AsyncEngine,
    tree: tuple[Account, Member],
    other: tuple[Account, Member],
    table: str,
) -> None:
    master, owner = tree
    async with database.connect() as connection:
        assert {master.key, other[0].key} <= await _trees(connection, table)
    async with application.connect() as connection:
        assert await _trees(connection, table) == set()
        await _enter(connection, owner)
        assert await _trees(connection, table) == {master.key}


async def test_a_share_lets_its_guest_into_the_tree(
    application: AsyncEngine, world: World, tree: tuple[Account, Member], other: tuple[Account, Member]
) -> None:
    """With the link alone while it waits, and without it once it is accepted; beside what is his own."""
    guest = await world.person()
    own = await world.account()
    await world.member(own, BuiltinRole.OWNER, guest)
    credentials = Credentials(digest_of(guest.token))
    master, owner = tree
    offer = await give_share(world, [master], guest, owner.person, Given(accepted=False))
    async with application.connect() as connection:
        await _enter(connection, guest)
        assert await _trees(connection, "accounts") == {own.key}
        await connection.execute(entering_by_link(credentials, digest_of(offer.token)))
        assert await _trees(connection, "accounts") == {own.key, master.key}
    await give_share(world, [other[0]], guest, other[1].person)
    async with application.connect() as connection:
        await _enter(connection, guest)
        assert await _trees(connection, "accounts") == {own.key, other[0].key}


async def test_what_was_told_ends_with_the_transaction(
    application: AsyncEngine, tree: tuple[Account, Member]
) -> None:
    """T32: the next user of the connection sees nothing of it."""
    async with application.connect() as connection:
        pid = select(func.pg_backend_pid())
        await _enter(connection, tree[1])
        first = (await connection.execute(pid)).scalar_one()
        await connection.commit()
        assert await _trees(connection, "accounts") == set()
        await connection.rollback()
    async with application.connect() as connection:
        assert (await connection.execute(pid)).scalar_one() == first
        assert await _trees(connection, "accounts") == set()


@pytest.mark.parametrize("ended", ["unknown token", "ended session"])
async def test_nobody_sees_nothing(application: AsyncEngine, world: World, ended: str) -> None:
    _, owner = await _tree(world)
    digest = digest_of(owner.token if ended == "ended session" else "nobody's")
    await rows.end_session(world, owner.person)
    async with application.connect() as connection:
        await connection.execute(select(entering()), Credentials(digest).binds)
        assert await _trees(connection, "accounts") == set()


async def test_nothing_is_written_into_a_foreign_tree(
    application: AsyncEngine, world: World, tree: tuple[Account, Member], other: tuple[Account, Member]
) -> None:
    before = await world.state(other[0])
    foreign = other[0].key
    async with application.connect() as connection:
        await _enter(connection, tree[1])
        renamed = update(accounts).where(accounts.c.master_id == foreign).values(name="Taken")
        assert (await connection.execute(renamed)).rowcount == 0
        added = insert(accounts).values(master_id=foreign, id=new_id(), parent_id=foreign, name="New")
        with pytest.raises(DBAPIError, match="row-level security"):
            await connection.execute(added)
        await connection.rollback()
        with pytest.raises(DBAPIError, match="the tree exists"):
            await connection.execute(select(func.mandant_found(foreign)))
    assert await world.state(other[0]) == before


async def test_every_table_of_a_tree_binds_its_owner_too(database: AsyncEngine) -> None:
    walls = text("SELECT count(*) FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    async with database.connect() as connection:
        found = (await connection.execute(walls)).scalar_one()
    assert found == len(_TABLES) + len(tables_of_trees(Plane.DATA))


def _whole_database() -> tuple[FromClause, Select[Any]]:
    """What `readable_account` would be if the first wall were gone."""
    account = accounts.alias()
    return account, select(*account.c, literal(ALL_PERMISSIONS).label("mask"))


def _another_statement(field: SqlField, shape: Hashable, *rest: Any) -> Statement:
    """None of those that were made while the first wall stood."""
    return statement(field, ("without reach", shape), *rest)


class _AnotherPlace(Place):
    """The same of fragments."""

    def _fragment(self, what: Hashable, *rest: Any) -> Fragment:
        return super()._fragment(("without reach", what), *rest)


@pytest.fixture
async def without_reach(
    addresses: DatabaseAddresses, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OperationRunner]:
    """The executors, with reach replaced by true for accounts."""
    monkeypatch.setattr(resolvers.accounts.reads, "readable_account", _whole_database)
    monkeypatch.setattr(resolvers.accounts.reads, "readable_accounts", _whole_database)
    monkeypatch.setattr(engine.reference.executor, "statement", _another_statement)
    monkeypatch.setattr(engine.compiled.fields, "Place", _AnotherPlace)
    database, reads = (
        connect_as_application(addresses.application, 2),
        ReadPools.open(addresses.application, 2),
    )
    made = OperationRunner(STRAWBERRY, database, reads, deployed())
    yield made
    await made.close()
    await reads.close()
    await database.dispose()


async def _both(
    executor: OperationRunner, query: str, caller: Caller, **variables: Any
) -> list[Answer | None]:
    asked = operation(query, **variables)
    return [await compiled(executor, asked, caller), await reference(executor, asked, caller)]


async def test_the_second_wall_stands_without_the_first(
    without_reach: OperationRunner, world: World, other: tuple[Account, Member]
) -> None:
    """A member of one subaccount then sees its whole tree, and still nothing of another."""
    master = await world.account(name="Master")
    below, beside = await world.account(master, "Below"), await world.account(master, "Beside")
    analyst = await world.member(below, BuiltinRole.ANALYST)
    query = "query ($id: ID!) { account(id: $id) { id } }"
    for account, seen in ((beside, True), (master, True), (other[0], False)):
        for answer in await _both(without_reach, query, analyst, id=account.id):
            assert answer is not None
            assert (account.id in str(answer.data)) is seen
            assert ("NOT_FOUND" in str(answer.errors)) is not seen
    listed = "{ viewer { accounts(first: 100, orderBy: NAME) { totalCount nodes { id name } } } }"
    for answer in await _both(without_reach, listed, analyst):
        assert answer is not None
        assert all(name in str(answer.data) for name in ("Master", "Below", "Beside"))
        assert "('totalCount', 3)" in str(answer.data)
        assert other[0].id not in str(answer.data)
