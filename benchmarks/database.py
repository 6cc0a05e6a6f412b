"""The database of all measured servers: a PostgreSQL server of its own, with the same data each time."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

from models.base.columns import APPLICATION_ROLE
from server.database.migrate import migrate
from server.demo.tree_loading import load_trees
from server.embedded_postgres import DatabaseAddresses, EmbeddedPostgres


@contextmanager
def temporary_database() -> Iterator[DatabaseAddresses]:
    """A PostgreSQL server that writes to disk as in production. It is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="mandant-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as somebody else
        with EmbeddedPostgres(folder) as addresses:
            yield addresses


PEERS_ROLE = "mandant_peers"
"""The role of the other servers. Their queries contain the rules of visibility; the database has none for
it."""

_PEERS_ROLE = f"""
CREATE ROLE {PEERS_ROLE} NOLOGIN BYPASSRLS;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {PEERS_ROLE};
GRANT EXECUTE ON FUNCTION ledger_post, api_key_stops, break_glass_grants TO {PEERS_ROLE};
GRANT {PEERS_ROLE} TO {APPLICATION_ROLE} WITH INHERIT FALSE;
"""


async def load(owner_url: str, trees: int) -> None:
    """Tables, roles and trees of 21 accounts with 8 members each, with the planner's statistics (see
    `server.demo.trees`)."""
    await migrate(owner_url)
    await load_trees(owner_url, trees)
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(_PEERS_ROLE)
    finally:
        await connection.close()


async def own_database(addresses: DatabaseAddresses, name: str) -> tuple[str, str]:
    """Make an empty database on the same server. Yields its addresses for the owner and for the
    application."""
    connection = await asyncpg.connect(addresses.owner)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    own = [make_url(url).set(database=name) for url in (addresses.owner, addresses.application)]
    owner, application = (url.render_as_string(hide_password=False) for url in own)
    return owner, application


def socket_folder(url: str) -> str:
    """The folder of the server's socket."""
    return str(make_url(url).query["host"])
