"""The storage rules, so that the same tables run on one PostgreSQL or on many nodes.

Looked at twice: in what `models/` describes, and in what PostgreSQL has.
"""

from dataclasses import dataclass

import pytest
from sqlalchemy import Table, UniqueConstraint, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import metadata
from models.access.histories import HISTORIES

REFERENCE_TABLES = {
    "attempts",
    "clock",
    "cost_budgets",
    "devices",
    "narrowed_tokens",
    "narrowed_tokens_history",
    "domain_claims",
    "factor_challenges",
    "factor_resets",
    "invoice_numbers",
    "log_numbering",
    "log_sealing",
    "mailbox_links",
    "outbox_messages",
    "ownerships",
    "passkeys",
    "plans",
    "recovery_codes",
    "role_policy_lines",
    "role_policy_lines_history",
    "roles",
    "roles_history",
    "session_ends",
    "sessions",
    "single_sign_on_attempts",
    "single_sign_on_codes",
    "single_sign_on_tokens",
    "staff",
    "staff_changes",
    "text_forms",
    "totp_secrets",
    "users",
    "webhook_routing",
}
"""The same on every node: people, roles, mail. Whatever is added here belongs to no tree."""
TREE_TABLES = [table for table in metadata.sorted_tables if table.name not in REFERENCE_TABLES]
_OF_ALEMBIC = "alembic_version"


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key as PostgreSQL has it."""

    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str
    on_update: str
    deferrable: bool


_FOREIGN_KEYS = text("""
SELECT c.conrelid::regclass::text, c.confrelid::regclass::text,
       (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(number, n)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number),
       (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(number, n)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number),
       c.confdeltype::text, c.confupdtype::text, c.condeferrable
FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
""")
_UNIQUE_INDEXES = text("""
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, i.indisprimary, a.attname::text
FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace
LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indisunique
""")


@pytest.fixture(scope="module")
async def foreign_keys(database: AsyncEngine) -> list[ForeignKey]:
    async with database.connect() as connection:
        rows = (await connection.execute(_FOREIGN_KEYS)).all()
    return [
        ForeignKey(table, tuple(columns), target, tuple(target_columns), *actions)
        for table, target, columns, target_columns, *actions in rows
    ]


@pytest.mark.parametrize("table", TREE_TABLES, ids=lambda table: table.name)
def test_a_trees_table_leads_with_its_tree(table: Table) -> None:
    """Its primary key, unique constraints and unique indexes do; it is never null."""
    assert not table.c.master_id.nullable
    unique = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    leading = [next(iter(constraint.columns)).name for constraint in (table.primary_key, *unique)]
    leading += [next(iter(index.columns)).name for index in table.indexes if index.unique]
    assert set(leading) == {"master_id"}


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_a_foreign_key_leads_with_the_tree_or_names_a_reference_table(table: Table) -> None:
    for constraint in table.foreign_key_constraints:
        first = constraint.elements[0]
        if constraint.referred_table.name in REFERENCE_TABLES:
            assert [element.column.name for element in constraint.elements] == ["id"]
        else:
            assert table.name not in REFERENCE_TABLES
            assert (first.parent.name, first.column.name) == ("master_id", "master_id")
        assert (constraint.ondelete, constraint.onupdate) == (None, None)


async def test_postgresql_has_these_tables_and_no_others(database: AsyncEngine) -> None:
    statement = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    async with database.connect() as connection:
        found = {row.tablename for row in await connection.execute(statement)}
    assert found == {table.name for table in metadata.sorted_tables} | {_OF_ALEMBIC}


async def test_unique_indexes_of_a_tree_lead_with_it_in_postgresql(database: AsyncEngine) -> None:
    """An index over all trees would tell one customer that another one's row exists."""
    async with database.connect() as connection:
        rows = (await connection.execute(_UNIQUE_INDEXES)).all()
    of_trees = [row for row in rows if row[0] not in REFERENCE_TABLES | {_OF_ALEMBIC}]
    assert {row[0] for row in of_trees if row[2]} == {table.name for table in TREE_TABLES}
    assert [tuple(row) for row in of_trees if row[3] != "master_id"] == []


async def test_foreign_keys_of_a_tree_lead_with_it_in_postgresql(foreign_keys: list[ForeignKey]) -> None:
    inside = [key for key in foreign_keys if key.target not in REFERENCE_TABLES]
    assert inside != []
    for key in inside:
        assert key.table not in REFERENCE_TABLES
        assert (key.columns[0], key.target_columns[0]) == ("master_id", "master_id")
    for key in foreign_keys:
        if key.target in REFERENCE_TABLES:
            assert key.target_columns == ("id",)


async def test_no_foreign_key_changes_or_removes_rows_by_itself(foreign_keys: list[ForeignKey]) -> None:
    """NO ACTION both ways (`a`), checked at once: what goes away is removed by a statement that says so."""
    assert {(key.on_delete, key.on_update, key.deferrable) for key in foreign_keys} == {("a", "a", False)}


async def test_nothing_happens_in_triggers_but_histories(database: AsyncEngine) -> None:
    statement = text("""
        SELECT relname, proname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        JOIN pg_proc ON pg_proc.oid = tgfoid
        WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace
    """)
    async with database.connect() as connection:
        found = [(row.relname, row.proname) for row in await connection.execute(statement)]
    tables = [history.table.name for history in HISTORIES]
    kept = [(table, f"mandant_keep_{table}") for table in tables for _ in range(3)]
    assert sorted(found) == sorted([*kept, *[("sessions", "mandant_keep_session_ends")] * 2])


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
async def test_moments_have_a_zone_and_money_is_no_fraction(database: AsyncEngine, table: Table) -> None:
    statement = text(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = :table"
    )
    async with database.connect() as connection:
        rows = (await connection.execute(statement, {"table": table.name})).all()
    kinds = {row.data_type for row in rows}
    whole = {"uuid", "text", "bigint", "integer", "boolean", "bytea", "jsonb", "timestamp with time zone"}
    assert kinds <= whole | {"ARRAY"}  # of addresses and of areas
