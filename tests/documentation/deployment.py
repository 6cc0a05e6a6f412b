"""What the examples run against: the demo, in a database and with a server of each page's own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest
from sqlalchemy import select

from engine.writes.sessions import WriteSessions
from models.people.users import users
from resolvers.inputs.address_digests import ContactKey
from resolvers.people.sign_in import open_session
from resolvers.sealing.keyring import Keyring
from schema.fields.deployment import Deployment as DeployedWith
from server.database.connections import connect_as_application
from server.demo import year as demo_past
from server.demo.access import open_access
from server.demo.deployment import demo_year, with_demo_settings
from server.demo.making import make_demo
from server.embedded_postgres import DatabaseAddresses
from server.settings.payments import NoPayments
from server.settings.settings import Settings
from tests.browser.server import run_server
from tests.database.database import clone, drop, named

CONTACT_KEY = "a secret of the documentation"
SECRET_KEY = "another secret of the documentation"
_DEPLOYED_WITH = DeployedWith(
    public_url="http://mandant.test",
    payments=NoPayments(),
    contact_key=lambda: ContactKey(CONTACT_KEY.encode()),
    keyring=lambda: Keyring([SECRET_KEY.encode()]),
)
_MONTHS = 1
"""How much past the demo gets here: enough for an invoice, and a tenth of the time."""


@dataclass(frozen=True)
class Demo:
    """A database that holds the demo, for copies to be made of."""

    addresses: DatabaseAddresses
    api_key: str
    tokens: Mapping[str, str]
    """Of everybody, by their e-mail addresses."""


@asynccontextmanager
async def made_demo(server: DatabaseAddresses, folder: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """Made once for each worker."""
    name = await clone(server.owner)
    addresses = DatabaseAddresses(named(server.owner, name), named(server.application, name))
    database = connect_as_application(addresses.application, pool_size=2, command_timeout=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_past, "MONTHS", _MONTHS)
        async with demo_year(addresses, with_demo_settings(Settings())) as year:
            await make_demo(database, _DEPLOYED_WITH, year)
    api_key = (await open_access(database, folder.mktemp("demo") / "demo.json")).api_key
    assert api_key is not None
    async with WriteSessions(database).begin() as session:
        people = (await session.execute(select(users.c.email_canonical, users.c.id))).all()
        tokens = {email: (await open_session(session, user_id)).token for email, user_id in people}
    await database.dispose()
    yield Demo(addresses, api_key, tokens)
    await drop(server.owner, name)


@dataclass(frozen=True)
class Deployment:
    """A copy of the demo's database, and the server that answers for it."""

    addresses: DatabaseAddresses
    url: str
    demo: Demo

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a command that works on this deployment."""
        return {
            "DATABASE_URL": self.addresses.application,
            "MANDANT_MIGRATION_DATABASE_URL": self.addresses.owner,
            "MANDANT_CONTACT_KEY": CONTACT_KEY,
            "MANDANT_SECRET_KEYS": SECRET_KEY,
            "MANDANT_PAYMENT_PROVIDER": "practice",
            "PORT": "0",
        }


@asynccontextmanager
async def deployed(demo: Demo) -> AsyncIterator[Deployment]:
    """A deployment that nobody else changes."""
    template = demo.addresses.owner.rpartition("/")[2].partition("?")[0]
    name = f"{template}_page"
    await _execute(demo.addresses.owner, f"CREATE DATABASE {name} TEMPLATE {template}")
    addresses = DatabaseAddresses(named(demo.addresses.owner, name), named(demo.addresses.application, name))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    running = await asyncio.to_thread(
        run_server,
        port,
        addresses.application,
        debug=True,
        contact_key=CONTACT_KEY,
        secret_keys=SECRET_KEY,
        mail_host="mail.example.net",
        payment_provider="practice",
    )
    try:
        yield Deployment(addresses, running.url, demo)
    finally:
        await asyncio.to_thread(running.stop)
        await drop(demo.addresses.owner, name)


async def _execute(url: str, statement: str) -> None:
    """On the server's own database, as nobody may be connected to the one that is copied."""
    connection = await asyncpg.connect(named(url, "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
