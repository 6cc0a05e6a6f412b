"""The wall of the data plane: a transaction sees and writes the one tree that it entered."""

import uuid

import pytest
from sqlalchemy import Table, Uuid, bindparam, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.base.columns import DATA_ROLE
from models.base.ids import new_id
from models.base.planes import Plane, tables_of
from models.contacts.tables import contact_lists, contacts
from tests.storage.tree import make_tree
from tests.world.world import Account, World

_DATA_TABLES = tables_of(Plane.DATA)


@pytest.fixture(scope="module")
async def tree(database: AsyncEngine) -> Account:
    """The master account of a tree with something in every table."""
    return (await make_tree(World(database))).master


@pytest.fixture(scope="module")
async def other(database: AsyncEngine) -> Account:
    """That of another one, with the same in it."""
    return (await make_tree(World(database))).master


async def _enter(connection: AsyncConnection, tree: uuid.UUID | None) -> None:
    await connection.execute(text(f"SET LOCAL ROLE {DATA_ROLE}"))
    await connection.execute(select(func.mandant_enter_tree(tree)))


async def _trees(connection: AsyncConnection, table: Table) -> set[uuid.UUID]:
    return set((await connection.execute(select(table.c.master_id))).scalars())


@pytest.mark.parametrize("table", _DATA_TABLES, ids=lambda table: table.name)
async def test_a_table_shows_the_entered_tree_alone(
    application: AsyncEngine, database: AsyncEngine, tree: Account, other: Account, table: Table
) -> None:
    async with database.connect() as connection:
        assert {tree.key, other.key} <= await _trees(connection, table)
    async with application.connect() as connection:
        await connection.execute(text(f"SET LOCAL ROLE {DATA_ROLE}"))
        assert await _trees(connection, table) == set()
        await _enter(connection, tree.key)
        assert await _trees(connection, table) == {tree.key}
        await _enter(connection, other.key)
        assert await _trees(connection, table) == {other.key}
        await _enter(connection, None)
        assert await _trees(connection, table) == set()


async def test_what_was_entered_ends_with_the_transaction(application: AsyncEngine, tree: Account) -> None:
    """The next user of the connection sees nothing of it (T32)."""
    async with application.connect() as connection:
        await _enter(connection, tree.key)
        assert await _trees(connection, contacts) == {tree.key}
        await connection.commit()
        await connection.execute(text(f"SET LOCAL ROLE {DATA_ROLE}"))
        assert await _trees(connection, contacts) == set()


@pytest.mark.parametrize("table", _DATA_TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("entered", [True, False])
async def test_no_row_of_another_tree_is_changed(
    application: AsyncEngine,
    database: AsyncEngine,
    tree: Account,
    other: Account,
    table: Table,
    entered: bool,
) -> None:
    """The owner's own statement, with the same condition, would find it."""
    removed = delete(table).where(table.c.master_id == other.key)
    async with application.connect() as connection:
        await _enter(connection, tree.key if entered else None)
        assert (await connection.execute(removed)).rowcount == 0
    async with database.connect() as connection:
        count = select(func.count()).where(table.c.master_id == other.key)
        assert (await connection.execute(count)).scalar_one() > 0


@pytest.mark.parametrize("entered", [True, False])
async def test_nothing_is_written_into_another_tree(
    application: AsyncEngine, tree: Account, other: Account, entered: bool
) -> None:
    renamed = update(contact_lists).where(contact_lists.c.master_id == other.key).values(name="Taken")
    place = {"master_id": other.key, "account_id": other.key}
    added = insert(contact_lists).values(**place, id=new_id(), name="New", version=1)
    async with application.connect() as connection:
        await _enter(connection, tree.key if entered else None)
        assert (await connection.execute(renamed)).rowcount == 0
        with pytest.raises(DBAPIError, match="row-level security"):
            await connection.execute(added)


async def test_the_own_tree_is_written(application: AsyncEngine, tree: Account) -> None:
    """Without this test, those above would pass even for a role that may write nothing."""
    place = {"master_id": tree.key, "account_id": tree.key}
    async with application.connect() as connection:
        await _enter(connection, tree.key)
        await connection.execute(insert(contact_lists).values(**place, id=new_id(), name="New", version=1))
        renamed = update(contact_lists).where(contact_lists.c.name == "New").values(name="Newer")
        assert (await connection.execute(renamed)).rowcount == 1
        removed = delete(contact_lists).where(contact_lists.c.name == "Newer")
        assert (await connection.execute(removed)).rowcount == 1


async def test_to_enter_a_tree_reads_no_table(application: AsyncEngine) -> None:
    """With many databases the function runs where the rows are. So a transaction can also enter a tree that
    does not exist."""
    async with application.connect() as connection:
        await _enter(connection, new_id())
        assert await _trees(connection, contacts) == set()


@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
async def test_a_statement_enters_the_tree_that_it_reads(
    application: AsyncEngine, tree: Account, plans: str
) -> None:
    """In one trip. PostgreSQL evaluates the policy after the call, also if a table is in parts."""
    statement = text("""
        WITH door AS MATERIALIZED (SELECT mandant_enter_tree(:tree) AS is_open)
        SELECT CASE WHEN is_open THEN (
          SELECT count(*) FROM contact_list_members AS member
          JOIN contacts ON contacts.master_id = member.master_id
            AND contacts.account_id = member.account_id AND contacts.id = member.contact_id
          WHERE member.master_id = :tree
        ) END FROM door
    """).bindparams(bindparam("tree", tree.key, type_=Uuid))
    async with application.connect() as connection:
        await connection.execute(text(f"SET LOCAL ROLE {DATA_ROLE}"))
        await connection.execute(text(f"SET LOCAL plan_cache_mode = {plans}"))
        assert (await connection.execute(statement)).scalar_one() == 1
