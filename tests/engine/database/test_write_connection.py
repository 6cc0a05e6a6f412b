"""Statements that travel with the next one: in their order, once, and undone with it.

They lean on asyncpg's protocol: it accepts the answers of statements that it does not know of, and sends its
own messages right after them. A release that changes this fails here.
"""

import datetime
import decimal
import ipaddress
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.database import messages
from engine.database.write_connection import Unawaited, WriteConnection
from server.database.connecting import connect
from server.embedded_postgres import DatabaseAddresses

_BEGIN, _COMMIT, _ROLLBACK = Unawaited("BEGIN"), "COMMIT", "ROLLBACK"
_PUT = "INSERT INTO travelled (place, text) VALUES ($1::int, $2::text)"
_ALL = "SELECT place, text FROM travelled ORDER BY place"


@pytest.fixture
async def connection(addresses: DatabaseAddresses) -> AsyncIterator[WriteConnection]:
    """With an empty table of its own, which takes each place once."""
    found = await connect(addresses.owner, {}, WriteConnection)
    await found.execute("CREATE TEMPORARY TABLE travelled (place int PRIMARY KEY, text text)")
    yield found
    found.terminate()


async def _texts(connection: WriteConnection) -> list[str]:
    rows, _ = await connection.run(_ALL, ())
    return [row.text for row in rows]


async def test_they_come_first_in_their_order(connection: WriteConnection) -> None:
    for name in ("first", "second"):
        ahead = [_BEGIN, Unawaited("DELETE FROM travelled")]
        ahead += [Unawaited(_PUT, (place, f"{name} {place}")) for place in range(3)]
        rows, count = await connection.run(_ALL, (), ahead, counted=True)
        assert [tuple(row) for row in rows] == [(place, f"{name} {place}") for place in range(3)]
        assert count == 3
        assert connection.is_in_transaction()
        await connection.run(_COMMIT, ())
        assert not connection.is_in_transaction()
    assert await _texts(connection) == [f"second {place}" for place in range(3)]


async def test_one_row_behind_them(connection: WriteConnection) -> None:
    ahead = [_BEGIN, Unawaited(_PUT, (1, "one")), Unawaited(_PUT, (2, "two"))]
    for keep in (False, True, True):
        row = await connection.row_behind(_ALL, (), ahead, keep=keep)
        assert row is not None
        assert row["text"] == "one"
        await connection.execute(_ROLLBACK)
    assert await _texts(connection) == []


@pytest.mark.parametrize("known", [False, True], ids=["new statements", "known statements"])
async def test_an_error_of_theirs_is_raised_and_undoes_all(connection: WriteConnection, known: bool) -> None:
    if known:
        await connection.run(_ALL, (), [_BEGIN, Unawaited(_PUT, (7, "known"))])
        await connection.execute(_ROLLBACK)
    ahead = [_BEGIN, *[Unawaited(_PUT, (place, "same")) for place in (1, 1, 2)]]
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.run("SELECT 1", (), ahead)
    assert connection.is_in_transaction()
    assert not connection.is_closed()
    await connection.execute(_ROLLBACK)
    assert await _texts(connection) == []
    await connection.run(_COMMIT, (), [_BEGIN, Unawaited(_PUT, (1, "after"))])
    assert await _texts(connection) == ["after"]


async def test_nothing_is_committed_behind_an_error(connection: WriteConnection) -> None:
    await connection.run("SELECT 1", (), [_BEGIN, Unawaited(_PUT, (1, "one"))])
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.run(_COMMIT, (), [Unawaited(_PUT, (1, "again"))])
    await connection.execute(_ROLLBACK)
    assert await _texts(connection) == []


async def test_an_error_of_the_statement_itself_undoes_them(connection: WriteConnection) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await connection.run("SELECT 1 / $1::int", (0,), [_BEGIN, Unawaited(_PUT, (1, "one"))])
    await connection.execute(_ROLLBACK)
    assert await _texts(connection) == []


async def test_what_asyncpg_refuses_to_send_closes_the_connection(connection: WriteConnection) -> None:
    """What went ahead is on its way, and nothing ends it: nobody may go on behind it."""
    with pytest.raises(asyncpg.DataError):
        await connection.run("SELECT $1::int", ("no number",), [_BEGIN, Unawaited(_PUT, (1, "one"))])
    assert connection.is_closed()


_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "float8": st.floats(allow_nan=False),
    "boolean": st.booleans(),
    "uuid": st.uuids(),
    "bytea": st.binary(),
    "date": st.dates(),
    "timestamptz": st.datetimes(timezones=st.just(datetime.UTC)),
    "interval": st.timedeltas(datetime.timedelta(days=-9_999), datetime.timedelta(days=9_999)),
    "numeric": st.decimals(-(10**12), 10**12, places=6),
    "cidr": st.ip_addresses(v=4).map(ipaddress.ip_network) | st.ip_addresses(v=6).map(ipaddress.ip_network),
}


@pytest.mark.parametrize("type_", _VALUES)
async def test_values_arrive_as_they_were_sent(connection: WriteConnection, type_: str) -> None:
    """Alone, in an array with a NULL, and NULL itself."""
    await connection.execute(f"CREATE TEMPORARY TABLE kept (one {type_}, several {type_}[])")
    put = f"INSERT INTO kept VALUES ($1::{type_}, $2::{type_}[])"
    for value in [*_drawn(_VALUES[type_]), None]:
        sent = Unawaited(put, (value, [value, None]))
        rows, _ = await connection.run("SELECT one, several FROM kept", (), [_BEGIN, sent])
        assert (rows[0].one, rows[0].several) == (value, [value, None])
        await connection.execute(_ROLLBACK)


def _drawn(strategy: st.SearchStrategy[Any]) -> list[Any]:
    found: list[Any] = []

    @given(strategy)
    def draw(value: Any) -> None:
        found.append(value)

    draw()
    return found


def test_what_is_no_value_of_a_statement_is_refused() -> None:
    with pytest.raises(TypeError):
        messages.text_of({"a": 1})
    assert messages.text_of(decimal.Decimal("1.50")) == "1.50"
    assert messages.text_of([uuid.UUID(int=1), None]) == '{"00000000-0000-0000-0000-000000000001",NULL}'
