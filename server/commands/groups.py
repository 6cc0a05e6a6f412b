"""The commands of `mandant` that come in groups: what operators look at and set right."""

import asyncio
from typing import Annotated

import typer

from authz.policy.permissions import Permission
from models.staff.tables import StaffRole
from schema.root import build_schema
from server.commands.clock import hours_of, set_forward
from server.commands.database import embedded_database, open_database, read_settings
from server.commands.explanation import (
    OperatorQuestion,
    decision_text,
    explain_to_operator,
    granters_text,
    misses_table,
    permission_named,
    steps_table,
)
from server.commands.invoices import credit
from server.commands.jobs import held_jobs, jobs_table, retry_held_jobs
from server.commands.ledger import ledger_faults
from server.commands.policy import LEGEND, policy_table, policy_texts
from server.commands.staff import add_staff, remove_staff, staff_members, staff_table
from server.commands.tables import print_table
from server.failures.command_failed import CommandFailed, database_failures

_policy = typer.Typer(help="The authorization policy.", no_args_is_help=True)
_staff = typer.Typer(help="The platform's own staff.", no_args_is_help=True)
_ledger = typer.Typer(help="The ledger.", no_args_is_help=True)
_jobs = typer.Typer(help="The jobs of workers.", no_args_is_help=True)
_clock = typer.Typer(help="The embedded database's clock.", no_args_is_help=True)
_invoice = typer.Typer(help="Invoices.", no_args_is_help=True)
_schema = typer.Typer(help="The GraphQL schema.", no_args_is_help=True)

GROUPS = {
    "policy": _policy,
    "staff": _staff,
    "ledger": _ledger,
    "jobs": _jobs,
    "clock": _clock,
    "invoice": _invoice,
    "schema": _schema,
}
"""By the names that `mandant` calls them."""


@_jobs.command("held")
def jobs_held() -> None:
    """Show the jobs that failed too often and are not tried any more."""
    with open_database(read_settings()) as addresses, database_failures():
        held = asyncio.run(held_jobs(addresses.application))
    if held:
        print_table(jobs_table(held))
    else:
        typer.echo("No job is held.")


@_jobs.command("retry")
def jobs_retry() -> None:
    """Have the jobs that are held done again."""
    with open_database(read_settings()) as addresses, database_failures():
        number = asyncio.run(retry_held_jobs(addresses.application))
    typer.echo(f"{number} put back into the queue.")


@_clock.command("forward")
def clock_forward(
    span: Annotated[str, typer.Argument(help="Such as 31d or 36h: days or hours.")],
) -> None:
    """Set the clock of plans, cycles and sends forward in the embedded database, to see a billing cycle end.

    There is no way back. Ends of access and the log go by the database's own clock.
    """
    settings = read_settings()
    hours = hours_of(span)
    with embedded_database(settings) as addresses, database_failures():
        shown = asyncio.run(set_forward(addresses, hours))
    typer.echo(f"The clock shows {shown:%Y-%m-%d %H:%M} UTC. A worker does what is due within a minute.")


@_policy.command("show")
def show_policy() -> None:
    """Show casbin's model, the policy's lines, and what every role may do by them."""
    typer.echo(policy_texts())
    print_table(policy_table())
    typer.echo(LEGEND)


@_staff.command("add")
def staff_add(
    email: Annotated[str, typer.Argument(help="Of a person who has signed up.")],
    role: Annotated[
        StaffRole, typer.Option(case_sensitive=False, help="What the person does in the staff.")
    ] = StaffRole.AGENT,
) -> None:
    """Make a person staff, or give it another role in the staff."""
    with open_database(read_settings()) as addresses, database_failures():
        changed = asyncio.run(add_staff(addresses.owner, email, role))
    typer.echo(f"{email} is {role.value} {'now' if changed else 'already'}.")


@_staff.command("remove")
def staff_remove(
    email: Annotated[str, typer.Argument(help="Of a person who is staff.")],
) -> None:
    """End a person's place in the staff, from the next request on."""
    with open_database(read_settings()) as addresses, database_failures():
        asyncio.run(remove_staff(addresses.owner, email))
    typer.echo(f"{email} is staff no more.")


@_staff.command("list")
def staff_list() -> None:
    """Show who is staff."""
    with open_database(read_settings()) as addresses, database_failures():
        members = asyncio.run(staff_members(addresses.owner))
    if members:
        print_table(staff_table(members))
    else:
        typer.echo("Nobody is staff.")


@_policy.command("explain")
def explain_access(
    account: Annotated[str, typer.Option(help="The account's id, acct_...")],
    permission: Annotated[Permission, typer.Option(parser=permission_named, metavar="PERMISSION")],
    subject: Annotated[str, typer.Option(help="A person's e-mail address, or an API key's id, akey_...")],
) -> None:
    """Say why somebody may, or may not, do something in an account, as the database's owner."""
    settings = read_settings()
    question = OperatorQuestion(account, permission, subject)
    with open_database(settings) as addresses, database_failures():
        answer = asyncio.run(explain_to_operator(addresses.owner, question))
    typer.echo(decision_text(answer))
    print_table(steps_table(answer))
    if answer.explanation.nearest_misses:
        print_table(misses_table(answer))
    if answer.granters is not None:
        typer.echo(granters_text(answer.granters))


@_ledger.command("verify")
def verify_ledger() -> None:
    """Recompute every account's books, as the database's owner; exit code 1 where they do not hold."""
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        faults = asyncio.run(ledger_faults(addresses.owner))
    if faults:
        raise CommandFailed("The ledger does not hold: " + "; ".join(map(str, faults)) + ".")
    typer.echo("The ledger holds.")


@_schema.command("print")
def print_schema() -> None:
    """Print the schema in GraphQL's schema language, as in schema.graphql."""
    typer.echo(build_schema().as_str())


@_invoice.command("credit")
def credit_invoice(
    number: Annotated[str, typer.Argument(help="The invoice's number.")],
    reason: Annotated[str, typer.Option(help="Why; it stands on the credit note, and in the account's log.")],
) -> None:
    """Take an invoice back, all of it, by a credit note under the next number."""
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        issued = asyncio.run(credit(addresses.owner, settings.invoice_prefix, number, reason))
    typer.echo(f"{issued} takes {number} back.")
