"""The database that all servers are measured on: PostgreSQL of its own, and the same data each time."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from server.demo.tree_loading import load_trees
from server.embedded_postgres import DatabaseAddresses, EmbeddedPostgres
from server.migrate import migrate

TREES = 1000
"""Of 21 accounts with 8 members each (see `server.demo.trees`)."""


@contextmanager
def temporary_database() -> Iterator[DatabaseAddresses]:
    """A server that keeps its promises to disk, as in production, and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mandant-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as somebody else
        with EmbeddedPostgres(folder) as addresses:
            yield addresses


async def load(owner_url: str) -> None:
    """Tables, roles and the trees, with the planner's statistics."""
    await migrate(owner_url)
    await load_trees(owner_url, TREES)


def socket_folder(url: str) -> str:
    """Where the server's socket lies."""
    return str(make_url(url).query["host"])
