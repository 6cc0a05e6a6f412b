"""A database whose owner makes roles and is no superuser, as those who rent one have it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from server.database.migrate import migrate
from server.embedded_postgres import DatabaseAddresses, EmbeddedPostgres
from server.settings.settings import Settings
from server.start.app import create_app
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.client.mutations import code_of

pytestmark = by_night_alone

_OWNER = "ordinary"
_PASSWORD = "secret"


@pytest.fixture
def server() -> Iterator[DatabaseAddresses]:
    """A server of its own: roles are of all its databases."""
    with tempfile.TemporaryDirectory(prefix="mandant-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as somebody else
        with EmbeddedPostgres(folder, durable=False) as addresses:
            yield addresses


@pytest.fixture
async def owner(server: DatabaseAddresses) -> str:
    """The address of the owner's empty database."""
    connection = await asyncpg.connect(server.owner)
    try:
        await connection.execute("DROP ROLE mandant_application")
        await connection.execute(f"CREATE ROLE {_OWNER} LOGIN CREATEROLE PASSWORD '{_PASSWORD}'")
        await connection.execute(f"CREATE DATABASE {_OWNER} OWNER {_OWNER}")
    finally:
        await connection.close()
    url = make_url(server.owner).set(username=_OWNER, password=_PASSWORD, database=_OWNER)
    return url.render_as_string(hide_password=False)


async def test_one_address_migrates_and_serves(owner: str, settings: Settings) -> None:
    await migrate(owner)
    app = create_app(settings, owner)
    async with app.router.lifespan_context(app), Api.of(app) as api:
        assert (await api.http.get("/readyz")).status_code == 200
        new = {"name": "A", "accountName": "B", "email": "a@example.com"}
        assert await code_of(api, "signUp", None, password="a much better password", **new) == ""
