"""Checking the log."""

import asyncio
import uuid
from typing import Annotated

import typer

from models.base.ids import Kind, parse
from resolvers.audit.verify import Fault, audit, seal_all
from server.commands.database import open_database, read_settings
from server.database.current import check_owner, owners_database
from server.failures.command_failed import CommandFailed, database_failures


async def log_faults(owner_url: str, account_id: uuid.UUID | None = None) -> list[Fault]:
    """Seal what is settled, recompute the chains, and return what is wrong. Only the database's owner sees
    all trees.

    Raises CommandFailed for anybody else, and if migrations are due.
    """
    async with owners_database(owner_url) as database, database.connect() as connection:
        await check_owner(connection, "logs")
        await seal_all(connection)
        return [fault async for fault in audit(connection, account_id)]


GROUP = typer.Typer(name="audit", help="The log of changes.", no_args_is_help=True)


@GROUP.command("verify")
def verify_logs(
    account: Annotated[str | None, typer.Option(help="Only of this account, by its global id.")] = None,
) -> None:
    """Recompute the chains of all logs, as the database's owner; exit code 1 where one does not hold."""
    account_id = None if account is None else parse(Kind.ACCOUNT, account)
    if account is not None and account_id is None:
        raise CommandFailed(f"{account} is no id of an account.")
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        faults = asyncio.run(log_faults(addresses.owner, account_id))
    if faults:
        raise CommandFailed("The log does not hold: " + "; ".join(map(str, faults)) + ".")
    typer.echo("The log holds.")
