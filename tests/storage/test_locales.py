"""Names are sorted and searched alike in a database of any locale; one that cannot hold them is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_owner
from server.database.migrate import UnsuitableDatabaseError, migrate, why_not_current
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.accounts.named_accounts import FOUND, SORTED, listed, named_accounts
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.database.database import drop, named
from tests.world.world import World

pytestmark = by_night_alone

_LOCALES = {
    "bytes": "LOCALE_PROVIDER libc LOCALE 'C'",
    "Unicode": "LOCALE_PROVIDER builtin LOCALE 'C' BUILTIN_LOCALE 'PG_UNICODE_FAST'",
    "Turkish": "LOCALE_PROVIDER libc LOCALE 'tr_TR.utf8'",
}


@asynccontextmanager
async def _made(addresses: DatabaseAddresses, options: str) -> AsyncIterator[DatabaseAddresses]:
    name = f"test_{uuid4().hex}"
    server = await asyncpg.connect(addresses.owner)
    try:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
    finally:
        await server.close()
    try:
        yield DatabaseAddresses(named(addresses.owner, name), named(addresses.application, name))
    finally:
        await drop(addresses.owner, name)


async def _has_turkish(database: AsyncEngine) -> bool:
    async with database.connect() as connection:
        found = text("SELECT true FROM pg_collation WHERE collname = 'tr_TR.utf8'")
        return (await connection.execute(found)).first() is not None


@pytest.mark.parametrize("locale", _LOCALES)
async def test_the_locale_decides_nothing(
    addresses: DatabaseAddresses, database: AsyncEngine, settings: Settings, locale: str
) -> None:
    if locale == "Turkish" and not await _has_turkish(database):
        pytest.skip("this machine knows no Turkish")
    async with _made(addresses, f"ENCODING 'UTF8' {_LOCALES[locale]}") as other:
        await migrate(other.owner)
        engine = connect_as_owner(other.owner)
        owner = await named_accounts(World(engine))
        await engine.dispose()
        app = create_app(settings, other.application)
        async with app.router.lifespan_context(app), Api.of(app) as api:
            assert await listed(api, owner) == SORTED
            assert {wanted: set(await listed(api, owner, search=wanted)) for wanted in FOUND} == FOUND


async def test_an_encoding_that_cannot_hold_every_name_is_refused(addresses: DatabaseAddresses) -> None:
    async with _made(addresses, "ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'") as other:
        with pytest.raises(UnsuitableDatabaseError, match="ENCODING 'UTF8'"):
            await migrate(other.owner)
        engine = connect_as_owner(other.owner)
        async with engine.connect() as connection:
            assert "SQL_ASCII" in (await connection.run_sync(why_not_current) or "")
            tables = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            assert (await connection.execute(tables)).scalar_one() == 0
        await engine.dispose()


async def test_forms_of_another_version_are_made_anew(addresses: DatabaseAddresses) -> None:
    """As after an upgrade of ICU: nothing is served by a mixture, and `mandant migrate` mends it."""
    async with _made(addresses, "ENCODING 'UTF8'") as other:
        await migrate(other.owner)
        engine = connect_as_owner(other.owner)
        await named_accounts(World(engine))
        forms = text("SELECT name, sort_key, search_key FROM accounts ORDER BY id")
        people = text("SELECT id, sort_key, search_key FROM users ORDER BY id")
        async with engine.begin() as connection:
            right = [(await connection.execute(rows)).all() for rows in (forms, people)]
            await connection.execute(text("UPDATE accounts SET sort_key = '', search_key = ''"))
            await connection.execute(text("UPDATE users SET sort_key = '', search_key = ''"))
            await connection.execute(text("UPDATE text_forms SET version = 'ICU 1'"))
            assert "mandant migrate" in (await connection.run_sync(why_not_current) or "")
        await migrate(other.owner)
        async with engine.connect() as connection:
            assert await connection.run_sync(why_not_current) is None
            assert [(await connection.execute(rows)).all() for rows in (forms, people)] == right
        await engine.dispose()
