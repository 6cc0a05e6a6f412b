"""A page of contacts can be read by an index in the order of the page, whatever filters it: so it costs the
same in an account of any size.

In small tables PostgreSQL may rather read all that a list or a filter leaves, and sort it. Here it may not,
so that each statement shows whether it can do without. Where it is one contact, it may.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.columns import DATA_ROLE
from tests.client.api import Api
from tests.database.data_parts import nodes_of
from tests.engine.far.sent import far_statements
from tests.engine.paths import Path
from tests.world.contacts import KEEP_VALUES, contact_list_id
from tests.world.world import Account, Member, World

_FILL = f"""
INSERT INTO contacts (master_id, account_id, id, external_id, email, email_canonical, email_digest, phone,
  phone_canonical, phone_digest, attributes, source, version)
SELECT $1, account, gen_random_uuid(), n::text, n || '@b.example', n || '@b.example', '\\x00', '+4670' || n,
  '+4670' || n, '\\x00', CASE WHEN n % 500 = 7 THEN jsonb '{{"country": "SE", "code": "rare"}}'
    ELSE jsonb '{{"country": "SE"}}' END, 'a test', 1
FROM unnest(CAST($2 AS uuid[])) AS account, generate_series(10000, 14999) AS n;
ANALYZE contacts;
{KEEP_VALUES};
INSERT INTO contact_lists (master_id, account_id, id, name, sort_key, search_key, version)
SELECT $1, account, CASE WHEN n = 1 THEN account ELSE gen_random_uuid() END, 'Newsletter', '', '', 1
FROM unnest(CAST($2 AS uuid[])) AS account, generate_series(1, 3) AS n;
INSERT INTO contact_list_members (master_id, account_id, contact_list_id, contact_id, source)
SELECT contacts.master_id, contacts.account_id, contact_lists.id, contacts.id, 'a test'
FROM contacts JOIN contact_lists USING (master_id, account_id)
WHERE master_id = $1 AND contacts.account_id = ANY (CAST($2 AS uuid[])) AND random() < 0.3;
"""
"""Each account has a list whose id is its own."""


@dataclass(frozen=True)
class _Full:
    """An account beside others, each with thousands of contacts."""

    account: Account
    member: Member
    database: AsyncEngine

    @property
    def list_id(self) -> str:
        """Of one of its lists."""
        return contact_list_id(self.account, self.account.key)


@pytest.fixture(scope="module")
async def full(database: AsyncEngine) -> _Full:
    world = World(database)
    accounts = [master := await world.account(), await world.account(master)]
    values: tuple[Any, ...] = (master.key, [account.key for account in accounts])
    async with database.begin() as connection:
        for statement in filter(str.strip, _FILL.split(";")):
            await connection.exec_driver_sql(statement, values if "$" in statement else ())
    async with database.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in ("contacts", "contact_lists", "contact_list_members", "contact_values"):
            await outside.exec_driver_sql(f"VACUUM (ANALYZE) {table}")
    account = accounts[1]
    return _Full(account, await world.member(account, BuiltinRole.MARKETER), database)


@pytest.fixture
async def entered(full: _Full) -> AsyncIterator[AsyncConnection]:
    """A transaction behind the wall."""
    async with full.database.connect() as connection:
        await connection.execute(text(f"SET LOCAL ROLE {DATA_ROLE}"))
        await connection.execute(select(func.mandant_enter_tree(full.account.master)))
        yield connection


_FILTERS = {
    "none": "",
    "email": ', email: "12000@B.example"',
    "no address": ', email: "nobody@b.example"',
    "email prefix": ', emailPrefix: "1"',
    "prefix of nobody": ', emailPrefix: "x"',
    "phone": ', phone: "+467012000"',
    "external id": ', externalId: "12000"',
    "attribute": ', attribute: "country"',
    "attribute and value": ', attribute: "country", value: "SE"',
    "rare attribute": ', attribute: "code"',
    "rare value": ', attribute: "code", value: "rare"',
    "value of nobody": ', attribute: "country", value: "XX"',
    "status that some have": ", status: UNSUBSCRIBED",
    "status that most have": ", status: SUBSCRIBED",
    "email prefix and value": ', emailPrefix: "1", attribute: "country", value: "SE"',
}
_OF_ONE = {"email", "no address", "phone", "external id"}
_WAYS = ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material")
_SORTS = ("sort", "incremental_sort")
_PAGE = "{ nodes { email } pageInfo { endCursor } }"
_QUERIES = {
    "account": "query ($id: ID!, $first: Int, $cursor: String) { found: account(id: $id) { "
    f"contacts(first: $first, after: $cursor%s) {_PAGE} }} }}",
    "account's list": "query ($id: ID!, $list: ID, $first: Int, $cursor: String) { found: account(id: $id) { "
    f"contacts(list: $list, first: $first, after: $cursor%s) {_PAGE} }} }}",
    "list": "query ($list: ID!, $first: Int, $cursor: String) { found: node(id: $list) { "
    f"... on ContactList {{ contacts(first: $first, after: $cursor%s) {_PAGE} }} }} }}",
}
_SIZE = 5
_MOST_READ = 10 * _SIZE + 4 * 51
"""Rows that may be read for a page by the same index, with those that are thrown away. Where an attribute
filters a list, it is first seen which of both reaches further back."""


async def _read(entered: AsyncConnection, sql: str, values: tuple[Any, ...]) -> dict[str, int]:
    """How many rows of contacts and of members the statement reads, by the index or the table."""
    explained = await entered.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
    found: dict[str, int] = {}
    for step in nodes_of(explained.scalar_one()[0]["Plan"]):
        if "Relation Name" not in step and "Index Name" not in step:
            continue
        removed = sum(many for name, many in step.items() if name.startswith("Rows Removed by"))
        if step.get("Relation Name", "").startswith("contact_lists"):
            continue  # an account has few of them
        place = step.get("Index Name") or step["Relation Name"]
        rows = (step["Actual Rows"] + removed) * step["Actual Loops"]
        found[place] = found.get(place, 0) + int(rows)
    return found


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("name", _FILTERS)
@pytest.mark.parametrize("of", _QUERIES)
async def test_a_page_reads_hardly_more_rows_than_it_shows(
    api: Api, full: _Full, entered: AsyncConnection, name: str, of: str, path: Path
) -> None:
    """The first page, and one in the middle."""
    query = path.of(_QUERIES[of] % _FILTERS[name])
    values = {"id": full.account.id, "list": full.list_id}
    values = {variable: value for variable, value in values.items() if f"${variable}:" in query}
    middle = (await api.read(query, full.member, **values, first=400))["found"]["contacts"]["pageInfo"]
    for way in _WAYS if name in _OF_ONE else (*_WAYS, *_SORTS):
        await entered.execute(text(f"SET LOCAL enable_{way} = off"))
    for cursor in (None,) if name in _OF_ONE else (None, middle["endCursor"]):
        with far_statements() as sent:
            await api.read(query, full.member, **values, first=_SIZE, cursor=cursor)
        assert sent
        for statement in sent:
            read = await _read(entered, statement.sql, statement.values)
            assert all(many <= _MOST_READ for many in read.values()), (cursor, read)
