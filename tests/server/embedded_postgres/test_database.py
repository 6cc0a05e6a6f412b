"""What a started database offers."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from server.embedded_postgres import EmbeddedPostgres
from tests.server.embedded_postgres.processes import answers, fetch, socket_folder


async def test_data_survive_a_restart_under_the_same_addresses(empty: Path) -> None:
    with EmbeddedPostgres(empty) as first:
        await fetch(first.owner, "CREATE TABLE kept AS SELECT 7 AS number")
    assert not await answers(first.owner)
    assert not socket_folder(first.owner).exists()
    with EmbeddedPostgres(empty) as second:
        assert second == first
        assert await fetch(second.owner, "SELECT number FROM kept") == 7


async def test_settings(folder: Path) -> None:
    with EmbeddedPostgres(folder) as addresses:
        names = ("listen_addresses", "timezone", "jit", "max_connections", "fsync", "server_encoding")
        settings = [await fetch(addresses.owner, f"SHOW {name}") for name in names]
        assert settings == ["", "UTC", "off", "200", "on", "UTF8"]
        locale = "SELECT datlocale FROM pg_database WHERE datname = current_database()"
        assert await fetch(addresses.application, locale) == "C.UTF-8"
        assert socket_folder(addresses.owner).stat().st_mode & 0o777 == 0o700


async def test_application_role_has_no_power(folder: Path) -> None:
    with EmbeddedPostgres(folder, durable=False) as addresses:
        role = (
            "SELECT row(rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication) "
            "FROM pg_roles WHERE rolname = current_user AND rolname = 'mandant_application'"
        )
        assert await fetch(addresses.application, role) == (True, False, False, False, False, False)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(addresses.application, "CREATE TABLE mine ()")
        assert (
            await fetch(addresses.owner, "SELECT usesuper FROM pg_user WHERE usename = current_user") is True
        )


async def test_passwords_are_asked_for_and_kept_private(folder: Path) -> None:
    with EmbeddedPostgres(folder, durable=False) as addresses:
        password = urlsplit(addresses.owner).password
        assert password is not None
        with pytest.raises(asyncpg.InvalidPasswordError):
            await fetch(addresses.owner.replace(password, "wrong"), "SELECT 1")
        assert (folder / "postgres.json").stat().st_mode & 0o777 == 0o600


async def test_sqlalchemy_takes_the_address(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "5499")
    with EmbeddedPostgres(folder, durable=False) as addresses:
        engine = create_async_engine(addresses.application.replace("postgresql:", "postgresql+asyncpg:"))
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT current_user")) == "mandant_application"
        await engine.dispose()


async def test_lost_passwords_and_a_dropped_database_are_made_again(folder: Path) -> None:
    with EmbeddedPostgres(folder, durable=False) as addresses:
        maintenance = addresses.owner.replace("/mandant?", "/postgres?")
        await fetch(maintenance, "DROP DATABASE mandant")
        await fetch(maintenance, "DROP ROLE mandant_application")
    (folder / "postgres.json").unlink()
    with EmbeddedPostgres(folder, durable=False) as addresses:
        assert await answers(addresses.application)


async def test_a_long_temporary_folder_is_not_used(
    folder: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(empty))
    with EmbeddedPostgres(folder, durable=False) as addresses:
        assert await answers(addresses.owner)
