"""Bringing the database up to date: its tables by Alembic, its built-in roles by casbin, its functions and
its own rule."""

import asyncio
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

import authz
from authz.guards import parent_link
from authz.past import views
from authz.policy import builtin_roles
from authz.wall import row_security
from models.areas import modules_of_areas
from models.base import text_forms
from models.base.locks import AdvisoryLock
from models.base.stored_functions import StoredFunction, differ, in_order
from server.database.connections import connect_as_owner
from server.failures.errors import sqlstate_of

_TRIES = 10
_PAUSE = 1.0
"""Seconds until the next try."""
_DEADLOCK = "40P01"
_CATALOGUES = "models.{area}.catalogue"
"""Rows that come with the program: `synchronize` writes them, and `differs` compares them."""
_UPGRADES = "resolvers.{area}.upgrade"
"""What holds built-in roles that give more: `hold_wider_roles` refuses them, unless there is a reason."""


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for an open connection; there is no alembic.ini."""
    config = _config()
    config.attributes["connection"] = connection
    return config


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "migrations"))
    return config


@cache
def _newest_revision() -> str | None:
    """Of the program: Alembic reads every migration to find it."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def migrate(url: str, breaks_promises: str | None = None) -> None:
    """Run what has not been run yet, as the database's owner. Safe to run twice and at once.

    Raises PromisesInTheWayError where built-in roles of the release break what accounts have promised, unless
    there is a reason to break it (`breaks_promises`).

    Servers at work lock tables in another order. Where both wait for each other, PostgreSQL ends one of the
    transactions; if that is this one, it begins anew. Raises ServersInTheWayError where that comes to
    nothing, again and again.
    """
    database = connect_as_owner(url)
    try:
        for left in reversed(range(_TRIES)):
            try:
                return await _migrate_once(database, breaks_promises)
            except DBAPIError as error:
                if sqlstate_of(error) != _DEADLOCK:
                    raise
                if not left:
                    raise ServersInTheWayError(f"{_TRIES} tries came to nothing") from error
            await asyncio.sleep(_PAUSE)
    finally:
        await database.dispose()


async def _migrate_once(database: AsyncEngine, breaks_promises: str | None) -> None:
    async with database.begin() as connection:
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({AdvisoryLock.MIGRATING})")
        await connection.run_sync(_migrate, breaks_promises)


class UnsuitableDatabaseError(Exception):
    """A database that cannot hold what people write; the message says what helps."""


class ServersInTheWayError(Exception):
    """A migration that PostgreSQL ended each time, because servers at work and it waited for each other."""


def _migrate(connection: Connection, breaks_promises: str | None) -> None:
    wrong = _wrong_encoding(connection)
    if wrong is not None:
        raise UnsuitableDatabaseError(wrong)
    if why_not_current(connection) is not None:
        _bring_up_to_date(connection, breaks_promises)
    parent_link.synchronize(connection)


def _bring_up_to_date(connection: Connection, breaks_promises: str | None) -> None:
    """Run what is due. Policies are written under locks that nobody who reads or writes can share, so where
    nothing is due nothing is written: other processes may be at work on the database."""
    command.upgrade(alembic_config(connection), "head")
    give_more = builtin_roles.synchronize(connection)
    row_security.synchronize(connection)
    for catalogue in modules_of_areas(_CATALOGUES):
        catalogue.synchronize(connection)
    text_forms.synchronize(connection)
    for function in stored_functions():
        function.write(connection)
    views.synchronize(connection)
    connection.exec_driver_sql("SELECT mandant_make_months()")
    connection.exec_driver_sql("SELECT mandant_log_catch_up()")
    if give_more:
        for upgrade in modules_of_areas(_UPGRADES):
            upgrade.hold_wider_roles(connection, breaks_promises)


def why_not_current(connection: Connection) -> str | None:
    """What `mandant migrate` would change, or why it would not; None: nothing."""
    wrong = _wrong_encoding(connection)
    if wrong is not None:
        return wrong
    if MigrationContext.configure(connection).get_current_revision() != _newest_revision():
        return "migrations are due: run `mandant migrate`"
    rules = (builtin_roles, row_security, text_forms, views, *modules_of_areas(_CATALOGUES))
    if any(rule.differs(connection) for rule in rules) or differ(connection, stored_functions()):
        return "the rules were changed: run `mandant migrate`"
    if connection.exec_driver_sql("SELECT mandant_lacks_months()").scalar_one():
        return "the tables of a coming month are missing: run `mandant migrate`, and a worker all the time"
    if connection.exec_driver_sql("SELECT mandant_log_is_behind()").scalar_one():
        return "the database was restored from a dump: run `mandant migrate`"
    return None


def _wrong_encoding(connection: Connection) -> str | None:
    """Names are sorted and searched alike in a database of any locale, but its encoding has to hold them."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding == "UTF8":
        return None
    return (
        f"its encoding is {encoding}, which not every name can be written in: make one with ENCODING 'UTF8'"
    )


@cache
def stored_functions() -> tuple[StoredFunction, ...]:
    """What areas and the wings of authz contribute in a module `functions`."""
    names = ("models.base", *(found.name for found in iter_modules(authz.__path__, "authz.")))
    shared = [import_module(f"{name}.functions") for name in names if find_spec(f"{name}.functions")]
    of_areas = [
        module
        for package in ("models", "resolvers")
        for module in modules_of_areas(f"{package}.{{area}}.functions")
    ]
    return in_order(function for module in (*shared, *of_areas) for function in module.FUNCTIONS)
