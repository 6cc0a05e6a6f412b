"""The second wall: PostgreSQL's row level security, tree by tree.

Reach decides what a caller sees. Should reach ever be wrong, still no row of a foreign tree leaves the
database. Each transaction, and each compiled statement, begins by telling the database who calls
(`mandant_enter`). The database itself finds the trees that the caller is in, and the control tables of trees
show rows of these only. Data tables show the rows of one tree, which is entered by `mandant_enter_tree`. A
transaction that did not begin so sees no rows.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
    literal,
    select,
    text,
)

from authz.callers.principals import DIGEST_NAME, KIND_NAME, LINK_NAME, Credentials
from authz.callers.tokens import Digest
from authz.wall.notes import TransactionNotes
from engine.database.write_connection import FixedRow
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.columns import APPLICATION_ROLE, DATA_ROLE, NOT_OF_A_TREE
from models.base.ids import MasterId
from models.base.planes import Plane, tables_of


def entering() -> ColumnElement[bool]:
    """Tells the database who calls, for the rest of the transaction. The credentials hold its parameters."""
    return func.mandant_enter(
        bindparam(DIGEST_NAME, type_=LargeBinary, required=True),
        bindparam(KIND_NAME, type_=Text, required=True),
        bindparam(LINK_NAME, type_=LargeBinary, required=True),
    )


_ENTERING = FixedStatement(select(entering()))


async def enter(session: WriteSession, credentials: Credentials) -> None:
    """Tell the database who calls, for the rest of the session's transaction."""
    await enter_by(session, _ENTERING, credentials.binds)


async def enter_by(
    session: WriteSession, entering: FixedStatement, values: Mapping[str, Any]
) -> list[FixedRow]:
    """As `enter`, by another statement that also tells the database who calls. Returns its rows."""
    session.notes(TransactionNotes).entered_by = entering, values
    return await entering.rows(session, values)


def entered_with(session: WriteSession, credentials: Credentials) -> None:
    """Note that another statement has already told the database who calls, as `enter` does."""
    session.notes(TransactionNotes).entered_by = _ENTERING, credentials.binds


async def enter_again(session: WriteSession) -> None:
    """Enter as the transaction last did, after a rollback to a savepoint undid that."""
    entered_by = session.notes(TransactionNotes).entered_by
    if entered_by is None:
        raise AssertionError("nobody has entered the transaction")
    entering, values = entered_by
    await entering.rows(session, values)


def entering_by_link(credentials: Credentials, link: Digest | None) -> Select[Any]:
    """Tells the database who calls, for a caller that holds the secret of a link besides."""
    kind = credentials.binds[KIND_NAME]
    return select(
        func.mandant_enter(
            literal(credentials.digest, LargeBinary), literal(kind, Text), literal(link, LargeBinary)
        ).label("open")
    )


async def found_tree(session: WriteSession, master_id: MasterId) -> None:
    """Let the transaction write a tree that does not exist yet, and see no other."""
    await session.execute(select(func.mandant_found(literal(master_id, Uuid))))


@dataclass(frozen=True)
class _Policy:
    """Which rows of a plane's tables its role sees. `told_by`: the setting that the condition asks, as
    PostgreSQL quotes it."""

    name: str
    role: str
    condition: str
    told_by: str


_POLICIES = {
    Plane.CONTROL: _Policy(
        "own_trees",
        APPLICATION_ROLE,
        # IS TRUE keeps it from becoming an index condition: for a caller in hundreds of trees, each look-up
        # would sort all of them first. Splitting a list takes two thirds of the time that parsing an array's
        # text takes.
        "(master_id = ANY ("
        "(SELECT string_to_array(current_setting('mandant.trees', true), ',')::uuid[])::uuid[])) IS TRUE",
        "'mandant.trees'",
    ),
    Plane.DATA: _Policy(
        "entered_tree",
        DATA_ROLE,
        # Beside `master_id = $1` PostgreSQL asks this once for a statement. What is written in another way it
        # would ask for each row.
        "master_id = nullif(current_setting('mandant.tree', true), '')::uuid",
        "'mandant.tree'",
    ),
}


_SAMPLE = "sample_of_policies"
"""A table that is gone when the migration is written."""


def tables_of_trees(plane: Plane) -> list[Table]:
    """The plane's tables whose rows belong to a tree."""
    return [table for table in tables_of(plane) if "master_id" in table.c and NOT_OF_A_TREE not in table.info]


def synchronize(connection: Connection) -> None:
    """Write the policies that differ. Part of `mandant migrate`.

    To write one takes a lock of its table that nobody who reads or writes can share. So what is as it should
    be is left alone: servers may be at work.
    """
    for plane, policy in _POLICIES.items():
        right = _as_postgresql_keeps_it(connection, policy)
        kept = _kept(connection)
        for table in tables_of_trees(plane):
            if kept.get(table.name) != right:
                _write(connection, policy, table.name)


def _as_postgresql_keeps_it(connection: Connection, policy: _Policy) -> list[list[str | None]]:
    """What `_kept` finds of a table that has its policies: PostgreSQL writes conditions in its own way."""
    connection.exec_driver_sql(f"CREATE TABLE {_SAMPLE} (master_id uuid)")
    _write(connection, policy, _SAMPLE)
    kept = _kept(connection)[_SAMPLE]
    connection.exec_driver_sql(f"DROP TABLE {_SAMPLE}")
    return kept


def _kept(connection: Connection) -> dict[str, list[list[str | None]]]:
    """By the tables that have row level security for all: their policies, as PostgreSQL keeps them."""
    statement = text(
        "SELECT relname, jsonb_agg(jsonb_build_array(polname, polpermissive, polcmd, polroles::regrole[], "
        "pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ORDER BY polname) "
        "FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid "
        "WHERE relrowsecurity AND relforcerowsecurity AND relnamespace = 'public'::regnamespace "
        "GROUP BY relname"
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _write(connection: Connection, policy: _Policy, table: str) -> None:
    for statement in _written(policy, table):
        connection.exec_driver_sql(statement)


def _written(policy: _Policy, table: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {policy.name} ON {table}",
        f"CREATE POLICY {policy.name} ON {table} TO {policy.role} USING ({policy.condition})",
        f"DROP POLICY IF EXISTS owner ON {table}",
        f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true)",
    ]


def differs(connection: Connection) -> bool:
    """Whether a table lacks its policies, or a role of the server could bypass them."""
    open_tables = [_open_tables(connection, plane) for plane in _POLICIES]
    return any(open_tables) or _roles_are_too_strong(connection)


def _open_tables(connection: Connection, plane: Plane) -> set[str]:
    """The tables of trees whose policy differs."""
    rules = text(
        "SELECT tablename, array_agg(qual) FROM pg_policies "
        "JOIN pg_class ON pg_class.oid = to_regclass(tablename) AND relrowsecurity AND relforcerowsecurity "
        "WHERE schemaname = 'public' AND permissive = 'PERMISSIVE' AND cmd = 'ALL' AND with_check IS NULL "
        "AND :role = ANY (roles) GROUP BY tablename"
    )
    policy = _POLICIES[plane]
    found = {row[0]: row[1] for row in connection.execute(rules, {"role": policy.role})}
    # PostgreSQL rewrites a policy's condition, so conditions are compared with each other.
    common = Counter(rule for all_rules in found.values() for rule in all_rules).most_common(1)
    right = [rule for rule, _ in common if policy.told_by in rule]
    return {table.name for table in tables_of_trees(plane) if not right or found.get(table.name) != right}


def _roles_are_too_strong(connection: Connection) -> bool:
    statement = text(
        "SELECT bool_or(rolsuper OR rolbypassrls "
        "OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid)) "
        "FROM pg_roles WHERE rolname = ANY (:roles)"
    )
    roles = [policy.role for policy in _POLICIES.values()]
    return bool(connection.execute(statement, {"roles": roles}).scalar_one())
