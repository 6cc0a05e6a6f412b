"""Cancels invoices."""

import asyncio
from typing import Annotated

import typer

from authz.policy.refusals import Refusal
from engine.writes.sessions import WriteSessions
from resolvers.billing.credit_note import credit_invoice
from server.commands.database import open_database, read_settings
from server.database.current import owners_database
from server.failures.command_failed import CommandFailed, database_failures


async def credit(owner_url: str, number_prefix: str, number: str, reason: str) -> str:
    """Issue a credit note for all of an invoice. Returns its number. Raises CommandFailed."""
    async with owners_database(owner_url) as database:
        sessions = WriteSessions(database)
        try:
            async with sessions.begin() as session:
                return (await credit_invoice(session, number_prefix, number, reason)).number
        except Refusal as refusal:
            raise CommandFailed(refusal.message) from refusal


GROUP = typer.Typer(name="invoice", help="Invoices.", no_args_is_help=True)


@GROUP.command("credit")
def invoice_credit(
    number: Annotated[str, typer.Argument(help="The invoice's number.")],
    reason: Annotated[str, typer.Option(help="Why; it stands on the credit note, and in the account's log.")],
) -> None:
    """Take an invoice back, all of it, by a credit note under the next number."""
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        issued = asyncio.run(credit(addresses.owner, settings.invoice_prefix, number, reason))
    typer.echo(f"{issued} takes {number} back.")
