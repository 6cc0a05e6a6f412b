"""The database and the settings of a command."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from server.database.migrate import UnsuitableDatabaseError, migrate
from server.embedded_postgres import (
    DatabaseAddresses,
    EmbeddedPostgres,
    EmbeddedPostgresError,
    kept_running,
)
from server.failures.command_failed import CommandFailed, database_failures
from server.settings.settings import Settings

_OWN_SENTENCE = "Value error, "
"""What pydantic puts before the message of one of this program's checks."""


def read_settings() -> Settings:
    """The settings from the environment. Raises CommandFailed if one of them is not valid."""
    try:
        return Settings()
    except ValidationError as error:
        # An error in a value helps more than a value that is missing beside it.
        items = sorted(error.errors(), key=lambda item: item["type"] == "missing")
        wrong = "; ".join(
            f"{_variable(item['loc'])}: {item['msg'].removeprefix(_OWN_SENTENCE)}" for item in items
        )
        raise CommandFailed(f"Not an acceptable setting: {wrong}.") from error


def _variable(path: tuple[int | str, ...]) -> str:
    """The environment variable that sets the field. For a field with an alias it is the field's path."""
    name = "_".join(map(str, path))
    return name if name.isupper() else f"{Settings.model_config['env_prefix']}{name.upper()}"


Tell = Callable[[str], None]
"""Called with what a command does at the moment."""


def _silent(_: str) -> None:
    """Tell nobody."""


@contextmanager
def open_database(settings: Settings, tell: Tell = _silent) -> Iterator[DatabaseAddresses]:
    """The database of DATABASE_URL, as it is. Without DATABASE_URL: the embedded one, started and brought up
    to date.

    Raises CommandFailed if the embedded one cannot start or stop.
    """
    if settings.database_url is not None:
        owner = settings.migration_database_url or settings.database_url
        yield DatabaseAddresses(owner, settings.database_url)
        return
    tell(f"Starting PostgreSQL in {settings.folder}, which is made if it is not there yet ...")
    try:
        postgres = EmbeddedPostgres(settings.folder)
        with postgres as addresses, kept_running(postgres):
            tell("Bringing its tables up to date ...")
            migrate_now(addresses.owner)
            yield addresses
    except EmbeddedPostgresError as error:
        raise CommandFailed(str(error)) from error


@contextmanager
def embedded_database(settings: Settings) -> Iterator[DatabaseAddresses]:
    """The same for commands of the embedded database alone. Raises CommandFailed if DATABASE_URL is set."""
    if settings.database_url is not None:
        raise CommandFailed("This is for the embedded PostgreSQL alone, not for that of DATABASE_URL.")
    if not (settings.folder / "postgres.json").exists():
        raise CommandFailed(f"There is no database in {settings.folder}: say where by MANDANT_FOLDER.")
    with open_database(settings) as addresses:
        yield addresses


def migrate_now(owner_url: str) -> None:
    """Bring the database up to date. Raises CommandFailed."""
    try:
        with database_failures():
            asyncio.run(migrate(owner_url))
    except UnsuitableDatabaseError as error:
        raise CommandFailed(f"The database cannot be used: {error}.") from error
