"""The roles of the two planes: PostgreSQL itself refuses a statement that names tables of both."""

import pytest
from sqlalchemy import TextClause, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.accounts.tables import accounts
from models.base.columns import APPLICATION_ROLE, DATA_ROLE
from models.base.ids import new_id
from models.base.planes import Plane, tables_of
from models.contacts.tables import contact_lists
from tests.world.world import Account, World

_OTHER_PLANE = {APPLICATION_ROLE: Plane.DATA, DATA_ROLE: Plane.CONTROL}
_RIGHTS = text("""
SELECT has_any_column_privilege(:role, CAST(:table AS regclass), 'SELECT, INSERT, UPDATE, REFERENCES')
    OR has_table_privilege(:role, CAST(:table AS regclass), 'DELETE, TRUNCATE, TRIGGER')
""")
_TAKE_DATA_ROLE = text(f"SET LOCAL ROLE {DATA_ROLE}")


async def _rights(database: AsyncEngine, role: str, plane: Plane) -> set[str]:
    """The tables of the plane that the role may do anything with."""
    async with database.connect() as connection:
        return {
            table.name
            for table in tables_of(plane)
            if (await connection.execute(_RIGHTS, {"role": role, "table": table.name})).scalar_one()
        }


async def test_a_role_has_rights_in_its_plane_alone(database: AsyncEngine) -> None:
    """Some control tables are for the owner alone."""
    assert await _rights(database, APPLICATION_ROLE, Plane.DATA) == set()
    assert await _rights(database, DATA_ROLE, Plane.CONTROL) == set()
    assert await _rights(database, DATA_ROLE, Plane.DATA) == {table.name for table in tables_of(Plane.DATA)}
    assert len(await _rights(database, APPLICATION_ROLE, Plane.CONTROL)) > 40


async def test_the_data_role_reaches_nothing_else(database: AsyncEngine) -> None:
    """It reaches neither the queue nor a function that runs as the owner. The owner may do anything."""
    tables = text(
        "SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE nspname = 'pgq' AND relkind = 'r' AND has_table_privilege(:role, pg_class.oid, 'SELECT')"
    )
    functions = text(
        "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef "
        "AND has_function_privilege(:role, oid, 'EXECUTE')"
    )
    async with database.connect() as connection:
        assert (await connection.execute(tables, {"role": DATA_ROLE})).scalar_one() == 0
        assert (await connection.execute(functions, {"role": DATA_ROLE})).scalar_one() == 0
        assert (await connection.execute(tables, {"role": APPLICATION_ROLE})).scalar_one() > 0
        assert (await connection.execute(functions, {"role": APPLICATION_ROLE})).scalar_one() > 0


_MIXED = (
    "SELECT 1 FROM accounts JOIN contacts ON contacts.account_id = accounts.id",
    "SELECT 1 FROM contacts WHERE account_id IN (SELECT id FROM accounts)",
    "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM contact_lists)",
    "WITH removed AS (DELETE FROM contact_list_members RETURNING *) SELECT 1 FROM accounts, removed",
    "INSERT INTO contact_attributes (master_id, account_id, id) SELECT master_id, id, id FROM accounts",
    "UPDATE accounts SET name = contact_lists.name FROM contact_lists",
)


@pytest.mark.parametrize("statement", _MIXED)
async def test_a_statement_that_names_both_planes_is_refused(
    application: AsyncEngine, statement: str
) -> None:
    async with application.connect() as connection:
        with pytest.raises(DBAPIError, match="permission denied for table contact"):
            await connection.execute(text(statement))
        await connection.rollback()
        await connection.execute(_TAKE_DATA_ROLE)
        with pytest.raises(DBAPIError, match="permission denied for table accounts"):
            await connection.execute(text(statement))


async def _acts_as(connection: AsyncConnection) -> str:
    return str((await connection.execute(text("SELECT current_user"))).scalar_one())


def _enter(account: Account) -> TextClause:
    """Enter as a caller in the tree does (see `authz.wall.row_security`)."""
    return text(f"SELECT set_config('mandant.trees', '{account.master}', true)")


async def _write_in_both_planes(connection: AsyncConnection, account: Account) -> None:
    await connection.execute(_enter(account))
    await connection.execute(update(accounts).where(accounts.c.id == account.key).values(name="New"))
    await connection.execute(_TAKE_DATA_ROLE)
    await connection.execute(select(func.mandant_enter_tree(account.master)))
    place = {"master_id": account.master, "account_id": account.key}
    await connection.execute(insert(contact_lists).values(**place, id=new_id(), name="New", version=1))


async def _written(database: AsyncEngine, account: Account) -> list[str]:
    """The name of the account, and those of its lists."""
    async with database.connect() as connection:
        own = select(accounts.c.name).where(accounts.c.id == account.key)
        lists = select(contact_lists.c.name).where(contact_lists.c.account_id == account.key)
        return [*(await connection.execute(own)).scalars(), *(await connection.execute(lists)).scalars()]


async def test_one_transaction_writes_in_both_planes(
    application: AsyncEngine, database: AsyncEngine, world: World
) -> None:
    """The transaction takes the data role in the middle and goes back to its own role. All of its changes are
    done, or none."""
    account = await world.account(name="Old")
    async with application.connect() as connection:
        await _write_in_both_planes(connection, account)
        await connection.rollback()
        assert await _acts_as(connection) == APPLICATION_ROLE
    assert await _written(database, account) == ["Old"]
    async with application.connect() as connection:
        await _write_in_both_planes(connection, account)
        assert await _acts_as(connection) == DATA_ROLE
        await connection.execute(text(f"SET LOCAL ROLE {APPLICATION_ROLE}"))
        assert (await connection.execute(select(accounts.c.name))).scalars().all() == ["New"]
        await connection.commit()
    assert await _written(database, account) == ["New", "New"]


async def test_the_role_ends_with_the_transaction(application: AsyncEngine) -> None:
    """The next user of the connection is the application again (T32)."""
    async with application.connect() as connection:
        await connection.execute(_TAKE_DATA_ROLE)
        await connection.execute(text("SELECT 1 FROM contacts"))
        await connection.commit()
        assert await _acts_as(connection) == APPLICATION_ROLE
        with pytest.raises(DBAPIError, match="permission denied for table contacts"):
            await connection.execute(text("SELECT 1 FROM contacts"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contacts SET account_id = master_id",
        "UPDATE contacts SET master_id = account_id",
        "UPDATE contacts SET source = 'other'",
        "UPDATE contact_attributes SET type = 'TEXT'",
        "UPDATE contact_lists SET account_id = master_id",
        "UPDATE contact_list_members SET added_at = now()",
        *(f"TRUNCATE {table.name}" for table in tables_of(Plane.DATA)),
        "DROP TABLE contacts",
        "CREATE TABLE public.more (id int)",
    ],
)
async def test_the_data_role_cannot(application: AsyncEngine, statement: str) -> None:
    async with application.connect() as connection:
        await connection.execute(_TAKE_DATA_ROLE)
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            await connection.execute(text(statement))
