"""Lets PostgreSQL generate the data, so that a million accounts take minutes.

The trees are those of `server.demo.trees`. What is the same in every tree comes from there as arrays, and
generate_series multiplies it. Ids rise with the number of the tree, as UUIDv7 ids rise with time.

The rows of a tree are written next to each other at each size. The planner's own order would do that in small
tables only; in large ones each row would be on another page.
"""

from dataclasses import dataclass

import asyncpg

from authz.policy.builtin_roles import BuiltinRole
from benchmarks.data import open_session
from server.demo.trees import rows_of_trees

PEOPLE, ACCOUNTS, MEMBERSHIPS = "a", "b", "c"

# Two numbers as a UUID: the first takes the place of its time, the second tells the rows of a tree apart.
_ID = """
CREATE FUNCTION benchmark_id(kind text, tree bigint, place bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE RETURN (
  lpad(to_hex(tree), 12, '0') || '7' || lpad(to_hex(place), 3, '0') || '8' || kind || repeat('0', 14)
)::uuid"""

_PEOPLE = f"""
INSERT INTO users (id, name, email, email_canonical, password_hash, email_verified_at, sort_key, search_key,
                   initials)
SELECT benchmark_id('{PEOPLE}', tree, place), 'Person ' || tree || '-' || place, address, address, '-', now(),
       convert_to('person ' || tree || '-' || place, 'UTF8'), 'person ' || tree || '-' || place, 'P'
FROM generate_series($1::bigint, $2::bigint) AS tree, unnest($3::int[]) AS place,
     LATERAL (SELECT 'person-' || tree || '-' || place || '@example.com') AS made(address)
ORDER BY tree"""

_ACCOUNTS = f"""
INSERT INTO accounts (master_id, id, parent_id, external_id, name, status, sort_key, search_key)
SELECT benchmark_id('{ACCOUNTS}', tree, 0), benchmark_id('{ACCOUNTS}', tree, place),
       benchmark_id('{ACCOUNTS}', tree, parent), CASE WHEN parent IS NOT NULL THEN 'E-' || place END,
       'Account ' || tree || '-' || place, status,
       convert_to('account ' || tree || '-' || place, 'UTF8'), 'account ' || tree || '-' || place
FROM generate_series($1::bigint, $2::bigint) AS tree,
     unnest($3::int[], $4::int[], $5::text[]) AS shape(place, parent, status)
ORDER BY tree"""

_CLOSURE = f"""
INSERT INTO account_closure (master_id, ancestor_id, descendant_id, depth)
SELECT benchmark_id('{ACCOUNTS}', tree, 0), benchmark_id('{ACCOUNTS}', tree, above),
       benchmark_id('{ACCOUNTS}', tree, below), depth
FROM generate_series($1::bigint, $2::bigint) AS tree,
     unnest($3::int[], $4::int[], $5::int[]) AS shape(above, below, depth)
ORDER BY tree"""

_MEMBERSHIPS = f"""
INSERT INTO memberships (master_id, account_id, id, user_id, role_id)
SELECT benchmark_id('{ACCOUNTS}', tree, 0), benchmark_id('{ACCOUNTS}', tree, account),
       benchmark_id('{MEMBERSHIPS}', tree, number), benchmark_id('{PEOPLE}', tree, person), role
FROM generate_series($1::bigint, $2::bigint) AS tree,
     unnest($3::int[], $4::int[], $5::uuid[]) WITH ORDINALITY AS shape(account, person, role, number)
ORDER BY tree"""

_TABLES = "users, accounts, account_closure, memberships"

_WIDE_TREE = 2**40
"""The number of a tree, far from the numbers of all others."""


@dataclass(frozen=True)
class _Shape:
    """One tree of the demo with numbers instead of ids: the arrays of each statement."""

    people: list[int]
    accounts: tuple[list[int], list[int | None], list[str]]
    closure: tuple[list[int], list[int], list[int]]
    memberships: tuple[list[int], list[int], list[object]]


def _shape() -> _Shape:
    rows = rows_of_trees([0], "-").by_table
    people = {row[0]: place for place, row in enumerate(rows["users"])}
    places = {row[1]: place for place, row in enumerate(rows["accounts"])}
    return _Shape(
        list(people.values()),
        (
            list(places.values()),
            [None if row[2] is None else places[row[2]] for row in rows["accounts"]],
            [str(row[5]) for row in rows["accounts"]],
        ),
        (
            [places[row[1]] for row in rows["account_closure"]],
            [places[row[2]] for row in rows["account_closure"]],
            [int(str(row[3])) for row in rows["account_closure"]],
        ),
        (
            [places[row[1]] for row in rows["memberships"]],
            [people[row[3]] for row in rows["memberships"]],
            [row[4] for row in rows["memberships"]],
        ),
    )


async def prepare(connection: asyncpg.Connection) -> None:
    """Make what `grow` needs, in a migrated database."""
    await connection.execute(_ID)
    # The rows refer to each other correctly by construction. A million look-ups would only take time.
    await connection.execute("SET session_replication_role = replica")


async def grow(connection: asyncpg.Connection, first: int, last: int) -> None:
    """Make the trees with these numbers, and leave everything as autovacuum would."""
    shape = _shape()
    await connection.execute(_PEOPLE, first, last, shape.people)
    await connection.execute(_ACCOUNTS, first, last, *shape.accounts)
    await connection.execute(_CLOSURE, first, last, *shape.closure)
    await connection.execute(_MEMBERSHIPS, first, last, *shape.memberships)
    await connection.execute(f"VACUUM ANALYZE {_TABLES}")
    # Otherwise PostgreSQL would write the new rows to disk for minutes during the measurement.
    await connection.execute("CHECKPOINT")


async def open_deep_viewer(connection: asyncpg.Connection, accounts: int) -> str:
    """A session of a person with one membership, in a new master account with so many accounts below it."""
    master = f"benchmark_id('{ACCOUNTS}', {_WIDE_TREE}, 0)"
    # A tree has not enough numbers for so many accounts, so each account gets the number of a tree.
    child = f"benchmark_id('{ACCOUNTS}', number, 0)"
    numbers = f"generate_series({_WIDE_TREE + 1}, {_WIDE_TREE + accounts}) AS number"
    await connection.execute(
        f"""
        INSERT INTO accounts (master_id, id, name, sort_key, search_key)
          VALUES ({master}, {master}, 'Wide', 'wide', 'wide');
        INSERT INTO accounts (master_id, id, parent_id, name, sort_key, search_key)
          SELECT {master}, {child}, {master}, 'Below ' || number,
            convert_to('below ' || number, 'UTF8'), 'below ' || number FROM {numbers};
        INSERT INTO account_closure (master_id, ancestor_id, descendant_id, depth)
          SELECT {master}, {master}, {master}, 0
          UNION ALL SELECT {master}, {master}, {child}, 1 FROM {numbers}
          UNION ALL SELECT {master}, {child}, {child}, 0 FROM {numbers}"""
    )
    return await _open_viewer(connection, "deep", f"SELECT {master} AS id")


async def open_broad_viewer(connection: asyncpg.Connection, memberships: int) -> str:
    """A session of an administrator of so many master accounts."""
    masters = f"SELECT id FROM accounts WHERE parent_id IS NULL ORDER BY id LIMIT {memberships}"
    return await _open_viewer(connection, "broad", masters)


async def _open_viewer(connection: asyncpg.Connection, name: str, masters: str) -> str:
    person = await connection.fetchval(
        "INSERT INTO users (id, name, email, email_canonical, password_hash, sort_key, search_key, initials) "
        "VALUES (uuidv7(), $1, $1, $1, '-', '', '', '') RETURNING id",
        name,
    )
    await connection.execute(
        "INSERT INTO memberships (master_id, account_id, id, user_id, role_id) "
        f"SELECT id, id, uuidv7(), $1, $2 FROM ({masters}) AS masters",
        *(person, BuiltinRole.ADMINISTRATOR.id),
    )
    await connection.execute(f"VACUUM ANALYZE {_TABLES}")
    return await open_session(connection, person)
