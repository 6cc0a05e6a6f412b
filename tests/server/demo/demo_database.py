"""A database of a test's own, to make demo data in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from models import metadata
from resolvers.inputs.address_digests import ContactKey
from resolvers.sealing.keyring import Keyring
from schema.fields.deployment import Deployment
from server.database.connections import connect_as_application
from server.demo.story import DEMO_PASSWORD, DemoPerson
from server.embedded_postgres import DatabaseAddresses
from server.settings.payments import NoPayments
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api
from tests.database.database import clone, drop, named

LINK_BASE = "http://mandant.test"
CONTACT_KEY = ContactKey(b"a secret of the tests")
DEPLOYMENT = Deployment(
    public_url=LINK_BASE,
    payments=NoPayments(),
    contact_key=lambda: CONTACT_KEY,
    keyring=lambda: Keyring([b"another secret of the tests"]),
    mail_host="mail.mandant.example",
)
TABLES = sorted(metadata.tables)


@dataclass(frozen=True)
class Token:
    """A caller."""

    token: str


@dataclass(frozen=True)
class DemoDatabase:
    """A database of the test's own, and the API on it."""

    owner_url: str
    url: str
    engine: AsyncEngine
    api: Api

    async def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement answers to the owner."""
        connection = await asyncpg.connect(self.owner_url)
        try:
            return [tuple(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    async def counts(self) -> dict[str, int]:
        """How many rows every table has."""
        found = {table: await self.rows(f"SELECT count(*) FROM {table}") for table in TABLES}
        return {table: rows[0][0] for table, rows in found.items()}

    async def sign_in(self, email: str) -> Token:
        """A new session of a person with the demo's password."""
        payload = await self.api.change("signIn", None, "token", email=email, password=DEMO_PASSWORD)
        assert payload["userErrors"] == []
        return Token(payload["token"])


@asynccontextmanager
async def open_demo_database(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[DemoDatabase]:
    name = await clone(addresses.owner)
    url = named(addresses.application, name)
    engine = connect_as_application(url, pool_size=4, command_timeout=None)
    app = create_app(settings, url)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        yield DemoDatabase(named(addresses.owner, name), url, engine, api)
    await engine.dispose()
    await drop(addresses.owner, name)


async def account_names(demo: DemoDatabase, person: DemoPerson) -> list[str]:
    """The names of all accounts that the person sees."""
    query = "{ viewer { accounts(first: 100) { nodes { name } } } }"
    answer = await demo.api.read(query, await demo.sign_in(person.email))
    return [node["name"] for node in answer["viewer"]["accounts"]["nodes"]]
