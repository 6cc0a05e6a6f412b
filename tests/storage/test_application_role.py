"""The role that the server acts as: it owns nothing, bypasses nothing, and what is only added stays."""

import uuid

import pytest
import sqlalchemy.exc
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.dml import UpdateBase

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import account_closure, accounts
from models.base.columns import APPLICATION_ROLE, DATA_ROLE, metadata
from models.base.ids import new_id
from models.roles.tables import role_policy_lines, roles
from tests.storage.forbidden import FORBIDDEN
from tests.world.world import Account, World

_INSUFFICIENT_PRIVILEGE = "42501"
_CHECK_VIOLATION = "23514"
_FOREIGN_KEY_VIOLATION = "23503"
_UNIQUE_VIOLATION = "23505"


def _in(master: Account) -> str:
    """As if who asks were in the tree (see `authz.wall.row_security`)."""
    return f"SELECT set_config('mandant.trees', '{master.key}', true)"


async def _sqlstate(engine: AsyncEngine, *statements: UpdateBase | str) -> str | None:
    """Why the last of the statements is refused; None: it is not. Nothing is kept."""
    async with engine.connect() as connection:
        try:
            for statement in statements:
                await connection.execute(text(statement) if isinstance(statement, str) else statement)
        except sqlalchemy.exc.DBAPIError as error:
            return getattr(error.orig, "sqlstate", None)
        finally:
            await connection.rollback()
    return None


async def test_the_server_acts_as_that_role(application: AsyncEngine) -> None:
    async with application.connect() as connection:
        assert (await connection.execute(text("SELECT current_user"))).scalar_one() == APPLICATION_ROLE


@pytest.mark.parametrize(("role", "member_of"), [(APPLICATION_ROLE, [DATA_ROLE]), (DATA_ROLE, [])])
async def test_it_has_no_power_of_its_own(database: AsyncEngine, role: str, member_of: list[str]) -> None:
    """Nor has the role that it takes for the data plane."""
    powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    statement = text(f"SELECT {', '.join(powers)} FROM pg_roles WHERE rolname = :role")
    memberships_of = text(
        "SELECT roleid::regrole::text FROM pg_auth_members "
        "JOIN pg_roles ON pg_roles.oid = member WHERE rolname = :role"
    )
    async with database.connect() as connection:
        row = (await connection.execute(statement, {"role": role})).one()
        assert tuple(row) == (False,) * len(powers)
        assert (await connection.execute(memberships_of, {"role": role})).scalars().all() == member_of


@pytest.mark.parametrize("role", [APPLICATION_ROLE, DATA_ROLE])
async def test_it_owns_nothing(database: AsyncEngine, role: str) -> None:
    owned = text(
        "SELECT count(*) FROM pg_shdepend JOIN pg_roles ON pg_roles.oid = refobjid "
        "WHERE deptype = 'o' AND rolname = :role"
    )
    async with database.connect() as connection:
        assert (await connection.execute(owned, {"role": role})).scalar_one() == 0


@pytest.mark.parametrize("name", FORBIDDEN)
async def test_it_cannot(application: AsyncEngine, name: str) -> None:
    assert await _sqlstate(application, FORBIDDEN[name]) == _INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.more (id int)",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "DROP TABLE events",
        *(f"TRUNCATE {table.name}" for table in metadata.sorted_tables),
    ],
)
async def test_it_cannot_change_the_schema_or_empty_a_table(application: AsyncEngine, statement: str) -> None:
    assert await _sqlstate(application, statement) == _INSUFFICIENT_PRIVILEGE


async def test_it_changes_the_roles_of_accounts_alone(
    application: AsyncEngine, database: AsyncEngine, world: World
) -> None:
    """What is built in is out of its sight for changes: a statement over all rows leaves it as it is."""
    custom = await world.role(await world.account())
    built_in = [role.id for role in BuiltinRole]
    async with application.connect() as connection:
        changed = update(roles).values(member_mask=-1).returning(roles.c.id)
        widened = {row.id for row in await connection.execute(changed)}
        removed = delete(role_policy_lines).returning(role_policy_lines.c.role_id)
        emptied = {row.role_id for row in await connection.execute(removed)}
        await connection.rollback()
    assert custom.key in widened & emptied
    assert not (widened | emptied).intersection(built_in)
    async with database.connect() as connection:
        owners_own = await connection.execute(
            update(roles).where(roles.c.id.in_(built_in)).values(name=roles.c.name).returning(roles.c.id)
        )
        assert len(owners_own.all()) == len(built_in)
        await connection.rollback()


async def test_it_can_what_the_product_does(application: AsyncEngine, world: World) -> None:
    """Else the tests above would pass for a role that may do nothing at all."""
    account = await world.account()
    this = accounts.c.master_id == account.master
    assert await _sqlstate(application, _in(account), update(accounts).where(this).values(name="New")) is None
    assert await _sqlstate(application, "SELECT 1 FROM events") is None


async def test_a_tree_cannot_be_bent_into_a_circle(application: AsyncEngine, world: World) -> None:
    """An account's parent is never changed, and the closure has no place for a way back to the start."""
    master = await world.account()
    parent = await world.account(master)
    child = await world.account(parent)

    def path(ancestor: uuid.UUID, descendant: uuid.UUID, depth: int) -> UpdateBase:
        row = {"ancestor_id": ancestor, "descendant_id": descendant, "depth": depth}
        return insert(account_closure).values(master_id=master.key, **row)

    back_to_itself = path(parent.key, parent.key, 2)
    second_parent = path(child.key, parent.key, 1)
    second_distance = path(master.key, child.key, 5)
    too_deep = path(child.key, parent.key, 33)
    assert await _sqlstate(application, _in(master), back_to_itself) in {_CHECK_VIOLATION, _UNIQUE_VIOLATION}
    assert await _sqlstate(application, _in(master), second_parent) == _UNIQUE_VIOLATION
    assert await _sqlstate(application, _in(master), second_distance) == _UNIQUE_VIOLATION
    assert await _sqlstate(application, _in(master), too_deep) == _CHECK_VIOLATION


async def test_an_account_stands_below_one_of_its_own_tree(application: AsyncEngine, world: World) -> None:
    master, other = await world.account(), await world.account()

    def account(**values: uuid.UUID | None) -> UpdateBase:
        return insert(accounts).values(name="New", **values)

    new = new_id()
    cases = {
        "below another tree": (
            account(master_id=master.key, id=new, parent_id=other.key),
            _FOREIGN_KEY_VIOLATION,
        ),
        "below nothing that is there": (
            account(master_id=master.key, id=new, parent_id=new_id()),
            _FOREIGN_KEY_VIOLATION,
        ),
        "below itself": (account(master_id=master.key, id=new, parent_id=new), _CHECK_VIOLATION),
        "a second root": (account(master_id=master.key, id=new, parent_id=None), _CHECK_VIOLATION),
        "a root below": (account(master_id=new, id=new, parent_id=master.key), _INSUFFICIENT_PRIVILEGE),
    }
    for name, (statement, sqlstate) in cases.items():
        assert await _sqlstate(application, _in(master), statement) == sqlstate, name
    async with application.connect() as connection:
        assert (await connection.execute(select(accounts.c.id).where(accounts.c.id == new))).all() == []
