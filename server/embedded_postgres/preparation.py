"""Makes the database and the application's role, over a connection to the running server."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg

from server.embedded_postgres.credentials import APPLICATION, DATABASE, OWNER, Credentials
from server.embedded_postgres.errors import EmbeddedPostgresError, ServerBusyError, ServerRefusedError

CONNECT_SECONDS = 10.0


def prepare_database(socket_folder: Path, credentials: Credentials) -> None:
    """Make the database and the application's role if they are missing, and take all powers from the role.

    This also proves that the server is the right one, because SCRAM authenticates both sides. Raises
    ServerBusyError, ServerRefusedError, or EmbeddedPostgresError if a statement fails.
    """
    # A thread of its own, because the caller's may already run an event loop.
    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(asyncio.run, _prepare(socket_folder, credentials)).result()


async def _prepare(socket_folder: Path, credentials: Credentials) -> None:
    connection = await _connect(socket_folder, credentials)
    try:
        # DDL takes no parameters; the password is letters and digits.
        await connection.execute(
            f"DO $$ BEGIN CREATE ROLE {APPLICATION}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
            f"ALTER ROLE {APPLICATION} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
            f" PASSWORD '{credentials.application_password}'"
        )
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    except asyncpg.PostgresError as error:
        raise EmbeddedPostgresError(f"The embedded PostgreSQL cannot be prepared: {error}") from error
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


async def _connect(socket_folder: Path, credentials: Credentials) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(
            host=str(socket_folder),
            port=5432,
            user=OWNER,
            password=credentials.owner_password,
            database="postgres",
            timeout=CONNECT_SECONDS,
        )
    except asyncpg.CannotConnectNowError as error:
        raise ServerBusyError(f"The embedded PostgreSQL is not ready: {error}") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise ServerRefusedError(
            f"The embedded PostgreSQL does not answer in {socket_folder}: {error}"
        ) from error
