"""The application's mail, and how many worlds are built: `HYPOTHESIS_PROFILE=nightly` asks for more, and for
others each time."""

import asyncpg
import pytest
from sqlalchemy import make_url
from starlette.applications import Starlette

from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.isolation.site import Mailbox


@pytest.fixture(scope="session")
def mailbox(addresses: DatabaseAddresses) -> Mailbox:
    """The secrets of the links in what waits to be mailed."""

    async def read(email: str) -> list[str]:
        connection = await asyncpg.connect(addresses.owner)
        try:
            rows = await connection.fetch(
                "SELECT body FROM outbox_messages WHERE recipient = $1 ORDER BY id", email
            )
        finally:
            await connection.close()
        bodies = [row["body"].partition("#")[2] for row in rows]
        return [body.split()[0] for body in bodies if body]

    return read


@pytest.fixture(scope="session")
def away(
    settings: Settings, addresses: DatabaseAddresses, tmp_path_factory: pytest.TempPathFactory
) -> Starlette:
    """The application with the address of no database."""
    nowhere = str(tmp_path_factory.mktemp("nowhere"))
    url = make_url(addresses.application).update_query_dict({"host": nowhere})
    return create_app(settings, url.render_as_string(hide_password=False))
