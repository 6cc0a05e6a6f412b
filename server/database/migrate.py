"""Bringing the database up to date: its tables by Alembic, its built-in roles by casbin, its functions and
its own rule."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from authz.guards import parent_link as parent_access
from authz.offers import acceptance as offers
from authz.offers import link_requests
from authz.offers import ownership as ownership_offers
from authz.policy import builtin_roles
from authz.reach import break_glass_function as opened_rights
from authz.reach import further_grants_function as further_rights
from authz.reach import key_makers as makers
from authz.wall import billing_door as billing_functions
from authz.wall import row_security
from authz.wall import staff_door as staff_functions
from authz.wall import worker_door as worker_functions
from models.base import clock, text_forms
from models.base.stored_functions import StoredFunction, differ
from models.billing import cycle_charging, invoice_issuing, invoices_to_issue
from models.budgets import tables as budgets
from models.credit import ledger_posting
from models.effects import jobs
from models.plans import catalogue as plan_catalogue
from models.plans import cycles, first_plan_withdrawing
from resolvers.access import expiry_notices
from resolvers.effects import retention
from server.database.connections import connect_as_owner


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


async def migrate(url: str) -> None:
    """Run what has not been run yet, as the database's owner. Safe to run twice and at once."""
    database = connect_as_owner(url)
    try:
        async with database.begin() as connection:
            await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(6303)")
            await connection.run_sync(_migrate)
    finally:
        await database.dispose()


class UnsuitableDatabaseError(Exception):
    """A database that cannot hold what people write; the message says what helps."""


def _migrate(connection: Connection) -> None:
    wrong = _wrong_encoding(connection)
    if wrong is not None:
        raise UnsuitableDatabaseError(wrong)
    command.upgrade(alembic_config(connection), "head")
    builtin_roles.synchronize(connection)
    parent_access.synchronize(connection)
    row_security.synchronize(connection)
    plan_catalogue.synchronize(connection)
    text_forms.synchronize(connection)
    for function in stored_functions():
        function.write(connection)


def why_not_current(connection: Connection) -> str | None:
    """What `mandant migrate` would change, or why it would not; None: nothing."""
    wrong = _wrong_encoding(connection)
    if wrong is not None:
        return wrong
    if MigrationContext.configure(connection).get_current_revision() != _newest_revision():
        return "migrations are due: run `mandant migrate`"
    rules = (builtin_roles, row_security, plan_catalogue, text_forms)
    if any(rule.differs(connection) for rule in rules) or differ(connection, stored_functions()):
        return "the rules were changed: run `mandant migrate`"
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
    """All functions of the database; one that is written in SQL comes after those that it calls."""
    return (
        *clock.FUNCTIONS,
        *cycles.FUNCTIONS,
        *budgets.FUNCTIONS,
        *cycle_charging.FUNCTIONS,
        *invoices_to_issue.FUNCTIONS,
        *jobs.FUNCTIONS,
        *ledger_posting.FUNCTIONS,
        *invoice_issuing.FUNCTIONS,
        *first_plan_withdrawing.FUNCTIONS,
        *makers.functions(),
        *offers.functions(),
        *ownership_offers.functions(),
        *link_requests.functions(),
        *opened_rights.functions(),
        *further_rights.functions(),
        *row_security.FUNCTIONS,
        *staff_functions.FUNCTIONS,
        *worker_functions.FUNCTIONS,
        *billing_functions.FUNCTIONS,
        *expiry_notices.functions(),
        *retention.functions(),
    )
