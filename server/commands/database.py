"""The database and the settings of a command."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from authz.policy.refusals import Refusal
from resolvers.inputs.text import short_text
from resolvers.promises.upgrade import PromisesInTheWayError
from server.database.migrate import ServersInTheWayError, UnsuitableDatabaseError, migrate
from server.embedded_postgres import (
    DatabaseAddresses,
    EmbeddedPostgres,
    EmbeddedPostgresError,
    kept_running,
)
from server.failures.command_failed import CommandFailed, database_failures
from server.settings.settings import Settings
from server.settings.variables import unknown_variables

_OWN_SENTENCE = "Value error, "
"""What pydantic puts before the message of one of this program's checks."""


def read_settings() -> Settings:
    """The settings of the environment. Raises CommandFailed where one is not acceptable, or is none."""
    unknown = unknown_variables(Settings, os.environ).items()
    if unknown:
        none = [f"{name}: there is none of this name, {near} is the nearest" for name, near in unknown]
        raise CommandFailed(f"Not an acceptable setting: {'; '.join(none)}.")
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
def open_database(settings: Settings) -> Iterator[DatabaseAddresses]:
    """The database of DATABASE_URL as it is; without that the embedded one, started and brought up to date.

    Makes nothing: raises CommandFailed where the folder holds no database, and where the embedded one cannot
    start or stop.
    """
    if settings.database_url is None and not (settings.folder / "postgres.json").exists():
        raise CommandFailed(
            f"There is no database in {settings.folder.resolve()}. MANDANT_FOLDER says where it is, or "
            "DATABASE_URL; `mandant serve` makes one."
        )
    with made_database(settings) as addresses:
        yield addresses


@contextmanager
def made_database(
    settings: Settings, tell: Tell = _silent, breaks_promises: str | None = None
) -> Iterator[DatabaseAddresses]:
    """The same for commands that make the embedded database where there is none. `breaks_promises`: as
    `migrate_now` takes it.

    Raises CommandFailed where the embedded one cannot start or stop.
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
            migrate_now(addresses.owner, breaks_promises)
            yield addresses
    except EmbeddedPostgresError as error:
        raise CommandFailed(str(error)) from error


@contextmanager
def embedded_database(settings: Settings) -> Iterator[DatabaseAddresses]:
    """`open_database` for what is done in the embedded one alone. Raises CommandFailed with DATABASE_URL."""
    if settings.database_url is not None:
        raise CommandFailed("This is for the embedded PostgreSQL alone, not for that of DATABASE_URL.")
    with open_database(settings) as addresses:
        yield addresses


def migrate_now(owner_url: str, breaks_promises: str | None = None) -> None:
    """Bring the database up to date. `breaks_promises`: why built-in roles may break what accounts have
    promised. Raises CommandFailed."""
    try:
        reason = None if breaks_promises is None else short_text(breaks_promises, "--breaks-promises")
        with database_failures():
            asyncio.run(migrate(owner_url, reason))
    except Refusal as refusal:
        raise CommandFailed(f"--breaks-promises: {refusal.message}") from refusal
    except PromisesInTheWayError as error:
        raise CommandFailed(
            "Nothing was migrated: built-in roles of this release give people what accounts have promised to "
            f"others alone: {error}. Ask their owners to end these promises, or break them for a reason that "
            "their logs tell: `mandant migrate --breaks-promises REASON`."
        ) from error
    except UnsuitableDatabaseError as error:
        raise CommandFailed(f"The database cannot be used: {error}.") from error
    except ServersInTheWayError as error:
        raise CommandFailed(
            f"Nothing was migrated: servers at work and the migration waited for each other, and {error}. "
            "Run it again when there are fewer requests, or stop the servers and workers meanwhile."
        ) from error
