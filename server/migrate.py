"""Bringing the database up to date: its tables by Alembic, its built-in roles by casbin, its functions and
its own rule."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from authz import (
    billing_functions,
    builtin_roles,
    further_rights,
    makers,
    opened_rights,
    parent_access,
    row_security,
    staff_functions,
    worker_functions,
)
from models import (
    budgets,
    clock,
    cycle_charging,
    cycles,
    first_plan_withdrawing,
    invoice_issuing,
    invoices_to_issue,
    jobs,
    ledger_posting,
    plan_catalogue,
)
from models.functions import StoredFunction, differ
from resolvers import expiry_notices
from server.database import connect_as_owner


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for an open connection; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def migrate(url: str) -> None:
    """Run what has not been run yet, as the database's owner. Safe to run twice and at once."""
    database = connect_as_owner(url)
    try:
        async with database.begin() as connection:
            await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(6303)")
            await connection.run_sync(_migrate)
    finally:
        await database.dispose()


def _migrate(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "head")
    builtin_roles.synchronize(connection)
    parent_access.synchronize(connection)
    row_security.synchronize(connection)
    plan_catalogue.synchronize(connection)
    for function in stored_functions():
        function.write(connection)


def why_not_current(connection: Connection) -> str | None:
    """What `mandant migrate` would change; None: nothing."""
    head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() != head:
        return "migrations are due: run `mandant migrate`"
    rules = (builtin_roles, row_security, plan_catalogue)
    if any(rule.differs(connection) for rule in rules) or differ(connection, stored_functions()):
        return "the rules were changed: run `mandant migrate`"
    return None


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
        *opened_rights.functions(),
        *further_rights.functions(),
        *row_security.FUNCTIONS,
        *staff_functions.FUNCTIONS,
        *worker_functions.FUNCTIONS,
        *billing_functions.FUNCTIONS,
        *expiry_notices.functions(),
    )
