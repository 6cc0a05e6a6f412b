"""Statements of the data plane keep to one tree, and an index serves each of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.base.columns import DATA_ROLE
from models.base.ids import new_id
from models.base.planes import Plane, tables_of
from tests.database.data_parts import PARTS, nodes_of, parts_named

_DIVIDED = text("""
SELECT partrelid::regclass::text, pg_get_partkeydef(partrelid),
  (SELECT count(*) FROM pg_inherits WHERE inhparent = partrelid)
FROM pg_partitioned_table
""")


async def test_data_tables_are_in_parts_and_no_others(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        found = [tuple(row) for row in await connection.execute(_DIVIDED)]
    assert sorted(found) == sorted((table.name, "HASH (master_id)", PARTS) for table in tables_of(Plane.DATA))


@dataclass(frozen=True)
class _Statement:
    """A statement about an account's contacts. $1 is the tree, $2 the account. `found_by`: the column that
    the index is searched by."""

    sql: str
    values: tuple[object, ...]
    found_by: str


_OWN = "master_id = $1 AND account_id = $2"
_ID = new_id()
_ANY_OF = "ANY (CAST((SELECT CAST($4 AS bytea[])) AS bytea[]))"
_STATEMENTS = {
    "page": _Statement(
        f"SELECT * FROM contacts WHERE {_OWN} AND id < $3 ORDER BY id DESC LIMIT 50", (_ID,), "id"
    ),
    "address": _Statement(
        f"SELECT * FROM contacts WHERE {_OWN} AND email_canonical = $3", ("a@b.example",), "email_canonical"
    ),
    "addresses that begin so": _Statement(
        f"SELECT * FROM contacts WHERE {_OWN} AND email_canonical >= $3 AND email_canonical < $4 "
        "ORDER BY email_canonical LIMIT 50",
        ("ada@", "adaA"),
        "email_canonical",
    ),
    "numbers that begin so": _Statement(
        f"SELECT * FROM contacts WHERE {_OWN} AND phone_canonical >= $3 AND phone_canonical < $4 "
        "ORDER BY phone_canonical LIMIT 50",
        ("+46", "+47"),
        "phone_canonical",
    ),
    "customer's id": _Statement(
        f"SELECT * FROM contacts WHERE {_OWN} AND external_id = $3", ("7",), "external_id"
    ),
    "page of a list, by an attribute": _Statement(
        "SELECT contact.* FROM contact_list_members AS member JOIN contacts AS contact "
        "ON contact.master_id = member.master_id AND contact.account_id = member.account_id "
        "AND contact.id = member.contact_id "
        "WHERE member.master_id = $1 AND member.account_id = $2 AND member.contact_list_id = $3 "
        "AND member.contact_id > $4 AND contact.attributes ->> 'country' = $5 "
        "ORDER BY member.contact_id LIMIT 50",
        (_ID, _ID, "SE"),
        "contact_list_id",
    ),
    "lists of a contact": _Statement(
        f"SELECT contact_list_id FROM contact_list_members WHERE {_OWN} AND contact_id = $3",
        (_ID,),
        "contact_id",
    ),
    "page of a block list": _Statement(
        f"SELECT * FROM block_entries WHERE {_OWN} AND id < $3 ORDER BY id DESC LIMIT 50", (_ID,), "id"
    ),
    "blocked in an account": _Statement(
        "SELECT digest FROM block_entries WHERE master_id = $1 AND account_id = ANY (ARRAY[$2, $3]::uuid[]) "
        f"AND digest = {_ANY_OF}",
        (_ID, [b"1", b"2"]),
        "digest",
    ),
    "unsubscribed": _Statement(
        f"SELECT digest FROM unsubscribes WHERE {_OWN} AND digest = {_ANY_OF.replace('$4', '$3')}",
        ([b"1", b"2"],),
        "digest",
    ),
    "bounced": _Statement(
        f"SELECT digest FROM bounces WHERE {_OWN} AND digest = {_ANY_OF.replace('$4', '$3')}",
        ([b"1", b"2"],),
        "digest",
    ),
    "page of unsubscribes": _Statement(
        f"SELECT * FROM unsubscribes WHERE {_OWN} AND id < $3 ORDER BY id DESC LIMIT 50", (_ID,), "id"
    ),
    "page of bounces": _Statement(
        f"SELECT * FROM bounces WHERE {_OWN} AND id < $3 ORDER BY id DESC LIMIT 50", (_ID,), "id"
    ),
    "contact of a digest": _Statement(
        f"SELECT * FROM contacts WHERE {_OWN} AND (email_digest = $3 OR phone_digest = $3)",
        (b"1",),
        "email_digest",
    ),
    "removal": _Statement(f"DELETE FROM contacts WHERE {_OWN} AND id = $3", (_ID,), "id"),
}


@pytest.mark.parametrize("name", _STATEMENTS)
async def test_a_statement_of_one_tree_reads_one_part_of_each_table(database: AsyncEngine, name: str) -> None:
    statement = _STATEMENTS[name]
    async with database.connect() as connection:
        named = await parts_named(connection, statement.sql, _ID, _ID, *statement.values)
    assert named != {}
    assert {table: len(parts) for table, parts in named.items()} == dict.fromkeys(named, 1)


_OF_ALL_TREES = {
    "without the tree": ("SELECT 1 FROM contacts WHERE account_id = $1", {"contacts": PARTS}),
    "a sub-select without the tree": (
        "SELECT 1 FROM contacts WHERE master_id = $1 AND id IN (SELECT contact_id FROM contact_list_members)",
        {"contacts": 1, "contact_list_members": PARTS},
    ),
    "a tree out of a row": (
        "SELECT 1 FROM contacts WHERE master_id = (SELECT master_id FROM contact_lists WHERE id = $1)",
        {"contacts": PARTS, "contact_lists": PARTS},
    ),
}


@pytest.mark.parametrize("name", _OF_ALL_TREES)
async def test_a_statement_of_more_trees_is_noticed(database: AsyncEngine, name: str) -> None:
    statement, expected = _OF_ALL_TREES[name]
    async with database.connect() as connection:
        named = await parts_named(connection, statement, _ID)
    assert {table: len(parts) for table, parts in named.items()} == expected


_FILL = """
INSERT INTO contacts (master_id, account_id, id, external_id, email, email_canonical, email_digest, phone,
  phone_canonical, phone_digest, attributes, source, version)
SELECT tree, tree, gen_random_uuid(), n::text, n || '@b.example', n || '@b.example', '\\x00', '+46' || n,
  '+46' || n, '\\x00', '{"country": "SE"}', 'a test', 1
FROM unnest(CAST($1 AS uuid[])) AS tree, generate_series(1, 2000) AS n;
INSERT INTO contact_lists (master_id, account_id, id, name, sort_key, search_key, version)
SELECT tree, tree, gen_random_uuid(), 'Newsletter', '', '', 1
FROM unnest(CAST($1 AS uuid[])) AS tree, generate_series(1, 20);
INSERT INTO contact_list_members (master_id, account_id, contact_list_id, contact_id, source)
SELECT contacts.master_id, contacts.account_id, contact_lists.id, contacts.id, 'a test'
FROM contacts JOIN contact_lists USING (master_id, account_id)
WHERE master_id = ANY (CAST($1 AS uuid[])) AND random() < 0.1;
INSERT INTO block_entries (master_id, account_id, id, digest, reason, user_id)
SELECT tree, tree, gen_random_uuid(), convert_to(n::text, 'UTF8'), 'MANUAL', tree
FROM unnest(CAST($1 AS uuid[])) AS tree, generate_series(1, 2000) AS n;
INSERT INTO unsubscribes (master_id, account_id, id, digest, unsubscribed_at)
SELECT master_id, account_id, id, digest, now() FROM block_entries WHERE master_id = ANY (CAST($1 AS uuid[]));
INSERT INTO bounces (master_id, account_id, id, digest, soft_at)
SELECT master_id, account_id, id, digest, '{}' FROM block_entries WHERE master_id = ANY (CAST($1 AS uuid[]));
ANALYZE block_entries;
ANALYZE unsubscribes;
ANALYZE bounces;
ANALYZE contacts;
ANALYZE contact_list_members
"""


@pytest.fixture(scope="module")
async def filled(database: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that has entered a tree among others, each with contacts in lists."""
    async with database.connect() as connection:
        for statement in _FILL.split(";"):
            trees = ([_ID, new_id(), new_id()],) if "$1" in statement else ()
            await connection.exec_driver_sql(statement, trees)
        # Of an account that PostgreSQL takes for small, it may rather sort all that an index leaves.
        await connection.execute(text("SET LOCAL enable_sort = off"))
        await connection.execute(text(f"SET LOCAL ROLE {DATA_ROLE}"))
        await connection.execute(select(func.mandant_enter_tree(_ID)))
        yield connection
        await connection.rollback()


@pytest.mark.parametrize("name", _STATEMENTS)
async def test_an_index_serves_a_statement(filled: AsyncConnection, name: str) -> None:
    """The statements run behind the wall. The wall lets a condition use an index only if the condition
    reveals nothing about the rows that the wall refuses. They read in the index's order, so that a page costs
    the same in an account of any size."""
    statement = _STATEMENTS[name]
    values = (_ID, _ID, *statement.values)
    explained = await filled.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement.sql}", values)
    steps = list(nodes_of(explained.scalar_one()[0]["Plan"]))
    conditions = [step["Index Cond"] for step in steps if "Index Cond" in step]
    assert any(f"({statement.found_by} " in condition for condition in conditions)
    assert not {"Sort", "Seq Scan"} & {step["Node Type"] for step in steps}
