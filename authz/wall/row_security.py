"""The second wall: PostgreSQL's row level security, tree by tree.

Reach decides what a caller sees. Should reach ever be wrong, still no row of a foreign tree leaves the
database. Each transaction, and each compiled statement, begins by telling the database who calls
(`mandant_enter`). The database itself finds the trees that the caller is in, and every table of a tree shows
rows of these only. A transaction that did not begin so sees no rows.
"""

from collections import Counter
from collections.abc import Mapping
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
from models.base.columns import APPLICATION_ROLE, NOT_OF_A_TREE, metadata
from models.base.ids import MasterId

# IS TRUE keeps it from becoming an index condition: for a caller in hundreds of trees, each look-up would
# sort all of them first. Splitting a list takes two thirds of the time that parsing an array's text takes.
_OWN_TREES = (
    "(master_id = ANY ("
    "(SELECT string_to_array(current_setting('mandant.trees', true), ',')::uuid[])::uuid[])) IS TRUE"
)


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
    """The same by a statement that tells it in another way. Returns its rows."""
    session.notes(TransactionNotes).entered_by = entering, values
    return await entering.rows(session, values)


def entered_with(session: WriteSession, credentials: Credentials) -> None:
    """Note that a statement told it besides what else it does, as `enter` would."""
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


def tables_of_trees() -> list[Table]:
    """The tables whose rows belong to a tree."""
    return [
        table
        for table in metadata.sorted_tables
        if "master_id" in table.c and NOT_OF_A_TREE not in table.info
    ]


def synchronize(connection: Connection) -> None:
    """Write the policies. Part of `mandant migrate`."""
    for table in tables_of_trees():
        for statement in _policies(table.name):
            connection.exec_driver_sql(statement)


def _policies(table: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS own_trees ON {table}",
        f"CREATE POLICY own_trees ON {table} TO {APPLICATION_ROLE} USING ({_OWN_TREES})",
        f"DROP POLICY IF EXISTS owner ON {table}",
        f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true)",
    ]


def differs(connection: Connection) -> bool:
    """Whether a table lacks its policies, or the application's role could bypass them."""
    return bool(_open_tables(connection)) or _role_is_too_strong(connection)


def _open_tables(connection: Connection) -> set[str]:
    """The tables of trees whose policy differs."""
    rules = text(
        "SELECT tablename, array_agg(qual) FROM pg_policies "
        "JOIN pg_class ON pg_class.oid = to_regclass(tablename) AND relrowsecurity AND relforcerowsecurity "
        "WHERE schemaname = 'public' AND permissive = 'PERMISSIVE' AND cmd = 'ALL' AND with_check IS NULL "
        "AND :role = ANY (roles) GROUP BY tablename"
    )
    found = {row[0]: row[1] for row in connection.execute(rules, {"role": APPLICATION_ROLE})}
    # PostgreSQL rewrites a policy's condition, so conditions are compared with each other.
    common = Counter(rule for all_rules in found.values() for rule in all_rules).most_common(1)
    own_trees = [rule for rule, _ in common if "mandant.trees" in rule]
    return {table.name for table in tables_of_trees() if not own_trees or found.get(table.name) != own_trees}


def _role_is_too_strong(connection: Connection) -> bool:
    statement = text(
        "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) "
        "FROM pg_roles WHERE rolname = :role"
    )
    return bool(connection.execute(statement, {"role": APPLICATION_ROLE}).scalar_one())
