"""A page of contacts by their status, where an account has many reports: whichever are fewer are passed, the
reports or the contacts until the page is full."""

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
from tests.world.world import Account, World

_CONTACTS, _REPORTS, _FEW = 30_000, 12_000, 3
_FILL = """
INSERT INTO contacts (master_id, account_id, id, email, email_canonical, email_digest, attributes, source,
  version)
SELECT $1, $2, gen_random_uuid(), n || '@b.example', n || '@b.example', decode(md5(n::text), 'hex'), '{}',
  'a test', 1
FROM generate_series(1, $3::integer) AS n
"""
_REPORT = """
INSERT INTO unsubscribes (master_id, account_id, id, digest, unsubscribed_at)
SELECT $1, $2, gen_random_uuid(), decode(md5(n::text), 'hex'), now()
FROM generate_series($3::integer, $4::integer) AS n
"""
_QUERY = """query ($id: ID!) { account(id: $id) {
  contacts(first: 5, status: UNSUBSCRIBED) { nodes { email status } } } }"""
_WAYS = ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material")
"""Of small tables PostgreSQL would rather read all."""


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("about_contacts", [0, _FEW, _REPORTS])
async def test_many_reports_cost_no_more_than_the_fewer_of_both(
    api: Api, world: World, database: AsyncEngine, about_contacts: int, path: Path
) -> None:
    """`about_contacts`: so many of the reports are about a contact."""
    account = await _filled(world, database, about_contacts)
    marketer = await world.member(account, BuiltinRole.MARKETER)
    with far_statements() as sent:
        found = await api.read(path.of(_QUERY), marketer, id=account.id)
    nodes = found["account"]["contacts"]["nodes"]
    assert [node["status"] for node in nodes] == ["UNSUBSCRIBED"] * min(5, about_contacts)
    async with database.connect() as connection:
        await connection.execute(text(f"SET LOCAL ROLE {DATA_ROLE}"))
        await connection.execute(select(func.mandant_enter_tree(account.master)))
        for way in _WAYS:
            await connection.execute(text(f"SET LOCAL enable_{way} = off"))
        passed = [await _contacts_passed(connection, each.sql, each.values) for each in sent]
    # It is seen twice that there are more than 10,000 contacts, and hardly any other is looked at.
    assert max(passed) < 2 * 10_001 + 1_000, passed


async def _contacts_passed(connection: AsyncConnection, sql: str, values: tuple[Any, ...]) -> int:
    explained = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
    return sum(
        int(step["Actual Rows"] * step["Actual Loops"])
        for step in nodes_of(explained.scalar_one()[0]["Plan"])
        if step.get("Relation Name", "").startswith("contacts")
    )


async def _filled(world: World, database: AsyncEngine, about_contacts: int) -> Account:
    account = await world.account()
    last = _CONTACTS if about_contacts == 0 else about_contacts
    strangers = _CONTACTS + 1, _CONTACTS + _REPORTS - about_contacts
    async with database.begin() as connection:
        place = account.master, account.key
        await connection.exec_driver_sql(_FILL, (*place, _CONTACTS))
        await connection.exec_driver_sql(_REPORT, (*place, *strangers))
        if about_contacts:
            await connection.exec_driver_sql(_REPORT, (*place, 1, last))
    async with database.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in ("contacts", "unsubscribes"):
            await outside.exec_driver_sql(f"VACUUM (ANALYZE) {table}")
    return account
