"""Checking the log."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from models.base.ids import Kind, parse
from resolvers.audit.verify import Fault, LogEnd, LogsRead, audit, log_end, logs_read, seal_all
from server.commands.database import open_database, read_settings
from server.database.current import check_owner, owners_database
from server.failures.command_failed import CommandFailed, database_failures


@dataclass(frozen=True)
class Checked:
    """What was found in the logs of all accounts or in that of one. `read`: how much was looked at."""

    faults: Sequence[Fault]
    read: LogEnd | LogsRead

    @property
    def sentence(self) -> str:
        """What is told of logs that hold."""
        match self.read:
            case LogEnd(event_count, head):
                return f"The log holds: {event_count} events, and its head is {head.hex()}."
            case LogsRead(account_count, event_count):
                return f"The logs hold: {account_count} accounts, {event_count} events."


async def check_logs(owner_url: str, account_id: uuid.UUID | None = None) -> Checked:
    """Seal what is settled, recompute the chains, and return what is wrong and how much was read. Only the
    database's owner sees all trees.

    Raises CommandFailed for anybody else, if migrations are due, and if there is no such account.
    """
    async with owners_database(owner_url) as database, database.connect() as connection:
        await check_owner(connection, "logs")
        await seal_all(connection)
        faults = [fault async for fault in audit(connection, account_id)]
        read = await (logs_read(connection) if account_id is None else log_end(connection, account_id))
        if read is None:
            raise CommandFailed("There is no such account.")
        return Checked(faults, read)


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
        checked = asyncio.run(check_logs(addresses.owner, account_id))
    if checked.faults:
        raise CommandFailed("The log does not hold: " + "; ".join(map(str, checked.faults)) + ".")
    typer.echo(checked.sentence)
