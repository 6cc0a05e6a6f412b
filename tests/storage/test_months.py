"""Tables that are divided by months, as a real database has them."""

import datetime
import uuid
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from engine.writes.sessions import WriteSessions
from models.base.ids import new_id
from models.base.planes import Plane, tables_of
from models.messages.events import message_events
from models.messages.tables import message_bodies, messages
from resolvers.messages.events.sent import first_kept
from server.database.connections import connect_as_owner
from server.database.migrate import migrate, why_not_current
from server.embedded_postgres import DatabaseAddresses
from server.jobs.months import keep_months
from tests.database.data_parts import nodes_of
from tests.database.database import clone, drop, named
from tests.world.messages import message_row

_MONTHS = """
SELECT inhparent::regclass::text, relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE relkind = 'r' ORDER BY relname
"""


@pytest.fixture(scope="module")
async def template(addresses: DatabaseAddresses) -> AsyncIterator[str]:
    """The name of a database as `mandant migrate` makes it, whose tables are in no other parts."""
    name = await clone(addresses.owner, "template1")
    await migrate(named(addresses.owner, name))
    yield name
    await drop(addresses.owner, name)


@pytest.fixture
async def migrated(addresses: DatabaseAddresses, template: str) -> AsyncIterator[AsyncEngine]:
    """A copy of it."""
    name = await clone(addresses.owner, template)
    engine = connect_as_owner(named(addresses.owner, name))
    yield engine
    await engine.dispose()
    await drop(addresses.owner, name)


async def _months(connection: AsyncConnection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in await connection.execute(text(_MONTHS)):
        found.setdefault(row[0], []).append(row[1].removeprefix(f"{row[0]}_"))
    return found


def _month(ahead: int) -> str:
    today = datetime.datetime.now(datetime.UTC)
    months = today.year * 12 + today.month - 1 + ahead
    return f"{months // 12}_{months % 12 + 1:02}"


def _id(at: datetime.datetime) -> uuid.UUID:
    """An id that was made at this moment."""
    moment = int(at.timestamp() * 1000)
    return uuid.UUID(int=(moment << 80) | (new_id().int & ((1 << 80) - 1)))


async def test_the_last_month_and_three_to_come_are_there(migrated: AsyncEngine) -> None:
    expected = [_month(ahead) for ahead in range(-1, 4)]
    divided = {table.name for table in tables_of(Plane.DATA) if _is_divided(table.dialect_options)}
    assert {"messages", "message_bodies", "message_events"} <= divided
    async with migrated.connect() as connection:
        assert await _months(connection) == dict.fromkeys(divided, expected)


def _is_divided(options: object) -> bool:
    return isinstance(options, dict) and str(options["postgresql"].get("partition_by")).startswith("RANGE")


async def test_a_missing_month_is_told_and_made(migrated: AsyncEngine) -> None:
    async with migrated.begin() as connection:
        await connection.execute(text(f"DROP TABLE months.messages_{_month(1)}"))
    async with migrated.connect() as connection:
        assert "month" in (await connection.run_sync(_why_not) or "")
    await keep_months(migrated, 13)
    async with migrated.connect() as connection:
        assert await connection.run_sync(_why_not) is None


def _why_not(connection: Connection) -> str | None:
    return why_not_current(connection)


async def test_months_are_dropped_with_what_they_hold_and_no_others(migrated: AsyncEngine) -> None:
    now = datetime.datetime.now(datetime.UTC)
    last = now.replace(day=1) - datetime.timedelta(days=1)
    place = {"master_id": new_id(), "account_id": new_id()}
    async with migrated.begin() as connection:
        for at in (last, now):
            body = _id(at)
            said = {"id": body, "subject": "Hello", "text": "Hello!"}
            await connection.execute(insert(message_bodies).values(**place, **said))
            await connection.execute(insert(messages).values(**place, **message_row(_id(at), body_id=body)))
    await keep_months(migrated, 1)
    assert await _left(migrated) == (2, 2)
    await keep_months(migrated, 0)
    assert await _left(migrated) == (1, 1)
    async with migrated.connect() as connection:
        # The last month is made again, and empty.
        assert len((await _months(connection))["messages"]) == 4


async def _left(database: AsyncEngine) -> tuple[int, int]:
    async with database.connect() as connection:
        counted = [
            await connection.execute(select(func.count()).select_from(t)) for t in (messages, message_bodies)
        ]
        return (counted[0].scalar_one(), counted[1].scalar_one())


async def test_events_go_with_the_months_of_their_messages(migrated: AsyncEngine) -> None:
    """Whenever they happened. Who has looked for the oldest month keeps it until the end."""
    now = datetime.datetime.now(datetime.UTC)
    last = now.replace(day=1) - datetime.timedelta(days=1)
    place = {"master_id": new_id(), "account_id": new_id()}
    happened = {"kind": "OPEN", "happened_at": now, "is_first": True}
    async with migrated.begin() as connection:
        for at in (last, now):
            row = {**place, "id": new_id(), "message_id": _id(at), **happened}
            await connection.execute(insert(message_events).values(row))
    counted = select(func.count()).select_from(message_events)
    async with WriteSessions(migrated).begin() as session:
        oldest = await first_kept(session)
        assert oldest is not None
        assert oldest < _id(last)
        with pytest.raises(DBAPIError, match="lock timeout"):
            await keep_months(migrated, 0)
        assert (await session.execute(counted)).scalar_one() == 2
    await keep_months(migrated, 0)
    async with WriteSessions(migrated).begin() as session:
        assert (await session.execute(counted)).scalar_one() == 1
        # Messages went first: who had found one could still write its events.
        tables = await session.execute(select(func.mandant_tables_by_month().column_valued("divided")))
        assert [*tables.scalars()][-1] == "message_events"


async def test_events_of_a_message_are_read_in_one_month(migrated: AsyncEngine) -> None:
    statement = f"""EXPLAIN (FORMAT JSON) SELECT 1 FROM message_events
      WHERE master_id = '{new_id()}' AND account_id = '{new_id()}' AND message_id = '{new_id()}'
      ORDER BY id DESC LIMIT 20"""
    async with migrated.connect() as connection:
        plan = (await connection.exec_driver_sql(statement)).scalar_one()[0]["Plan"]
    read = {node["Relation Name"] for node in nodes_of(plan) if "Relation Name" in node}
    assert read == {f"message_events_{_month(0)}"}


async def test_a_look_up_reads_one_month(migrated: AsyncEngine) -> None:
    statement = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM messages WHERE id = '{new_id()}'"
    async with migrated.connect() as connection:
        plan = (await connection.exec_driver_sql(statement)).scalar_one()[0]["Plan"]
    read = {node["Relation Name"] for node in nodes_of(plan) if "Relation Name" in node}
    assert read == {f"messages_{_month(0)}"}
