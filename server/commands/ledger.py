"""Checking the ledger."""

import asyncio

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.credit.verify import Fault, audit
from server.commands.database import open_database, read_settings
from server.database.connections import connect_as_owner
from server.database.current import check_owner
from server.database.migrate import why_not_current
from server.failures.command_failed import CommandFailed, database_failures


async def ledger_faults(owner_url: str) -> list[Fault]:
    """Recompute the ledger, and return what is wrong in it. Only the database's owner sees all trees.

    Raises CommandFailed for anybody else, and if migrations are due.
    """
    database = connect_as_owner(owner_url)
    try:
        async with database.connect() as connection:
            await _check(connection)
            await connection.rollback()
            return [fault async for fault in audit(connection)]
    finally:
        await database.dispose()


async def _check(connection: AsyncConnection) -> None:
    reason = await connection.run_sync(why_not_current)
    if reason is not None:
        raise CommandFailed(f"The database is not up to date: {reason}.")
    await check_owner(connection, "books")


GROUP = typer.Typer(name="ledger", help="The ledger.", no_args_is_help=True)


@GROUP.command("verify")
def verify_ledger() -> None:
    """Recompute every account's books, as the database's owner; exit code 1 where they do not hold."""
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        faults = asyncio.run(ledger_faults(addresses.owner))
    if faults:
        raise CommandFailed("The ledger does not hold: " + "; ".join(map(str, faults)) + ".")
    typer.echo("The ledger holds.")
