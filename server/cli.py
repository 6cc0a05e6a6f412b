"""The command `mandant`."""

import asyncio
import signal
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Annotated

import typer

from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal
from models.staff.tables import StaffRole
from resolvers.sending.address_hash import ContactKey
from schema.root import build_schema
from server.commands.clock import hours_of, set_forward
from server.commands.database import (
    embedded_database,
    migrate_now,
    open_database,
    read_settings,
)
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
from server.commands.outbox import WaitingMail, mail_table, waiting_mail
from server.commands.policy import LEGEND, policy_table, policy_texts
from server.commands.staff import add_staff, remove_staff, staff_members, staff_table
from server.commands.tables import print_table
from server.database.current import current_database
from server.demo.access import DemoAccess, open_access
from server.demo.banner import banner
from server.demo.deployment import demo_year, with_demo_settings
from server.demo.logins import demo_logins
from server.demo.making import make_demo
from server.demo.story import SUPPORTER
from server.demo.tree_loading import load_trees
from server.embedded_postgres import DatabaseAddresses
from server.failures.command_failed import CommandFailed, database_failures
from server.jobs.deployment import deployment
from server.settings.contact_key import key_source
from server.settings.settings import Settings
from server.start import serve as serving
from server.start.worker import at_work, work_until_signalled

_commands = typer.Typer(
    name="mandant",
    help="Accounts, subaccounts, members and roles over GraphQL.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_policy = typer.Typer(help="The authorization policy.", no_args_is_help=True)
_ledger = typer.Typer(help="The ledger.", no_args_is_help=True)
_schema = typer.Typer(help="The GraphQL schema.", no_args_is_help=True)
_staff = typer.Typer(help="The platform's own staff.", no_args_is_help=True)
_jobs = typer.Typer(help="The jobs of workers.", no_args_is_help=True)
_clock = typer.Typer(help="The embedded database's clock.", no_args_is_help=True)
_commands.add_typer(_policy, name="policy")
_commands.add_typer(_staff, name="staff")
_commands.add_typer(_ledger, name="ledger")
_commands.add_typer(_jobs, name="jobs")
_commands.add_typer(_clock, name="clock")
_invoice = typer.Typer(help="Invoices.", no_args_is_help=True)
_commands.add_typer(_invoice, name="invoice")
_commands.add_typer(_schema, name="schema")


def application() -> None:
    """The console script. What its user can mend is a sentence on standard error, with exit code 1."""
    # Asked to end, a process leaves the embedded database just as it does after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _commands()
    except CommandFailed as failure:
        typer.echo(f"mandant: {failure}", err=True)
        sys.exit(1)


@_commands.command()
def serve(
    workers: Annotated[int, typer.Option(min=1, help="How many processes serve.")] = 1,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Make the demo accounts first, print tokens for them, and do a worker's work. Their "
            "password is no secret: not for a database of real people.",
        ),
    ] = False,
) -> None:
    """Serve the API on HOST and PORT, until Ctrl-C or SIGTERM."""
    settings = with_demo_settings(read_settings()) if demo else read_settings()
    with serving.open_listener(settings) as listener, open_database(settings, tell=_tell) as addresses:
        serving.start_log()
        settings = serving.with_address(settings, listener)
        url = serving.local_url(listener)
        text = f"Mandant answers at {url}/graphql"
        working: AbstractContextManager[None] = nullcontext()
        if demo:
            _tell("Making the demo accounts, if they are not there yet ...")
            with database_failures():
                access = asyncio.run(_prepare_demo(addresses, settings))
            text = banner(url, access)
            working = at_work(addresses.application, deployment(settings))
        with working:
            serving.print_once_served(text, listener)
            logins = demo_logins() if demo else ()
            serving.run(settings, addresses.application, listener, workers, logins)


def _tell(step: str) -> None:
    """What takes its time, to whoever waits at the terminal."""
    typer.echo(step, err=True)


async def _prepare_demo(addresses: DatabaseAddresses, settings: Settings) -> DemoAccess:
    await _make_demo(addresses, settings)
    async with current_database(addresses.application) as database:
        return await open_access(database, settings.folder / "demo.json")


@_commands.command()
def worker() -> None:
    """Do the jobs that wait and tell of what ends, until Ctrl-C or SIGTERM; what was begun is ended."""
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        serving.start_log()
        # Before it works and after it a signal interrupts it at once.
        with suppress(KeyboardInterrupt):
            asyncio.run(work_until_signalled(addresses.application, deployment(settings)))


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


@_commands.command()
def migrate() -> None:
    """Bring the database up to date, as its owner."""
    settings = read_settings()
    owner_url = settings.migration_database_url or settings.database_url
    if owner_url is not None:
        migrate_now(owner_url)
    else:
        with open_database(settings):
            pass  # the embedded one is brought up to date whenever it is opened
    typer.echo("The database is up to date.")


@_commands.command()
def demo(
    trees: Annotated[
        int | None,
        typer.Option(min=1, help="Make this many trees of 21 accounts instead, to measure with."),
    ] = None,
) -> None:
    """Make the demo accounts: an agency with its clients, and a brand with its teams."""
    settings = with_demo_settings(read_settings())
    with open_database(settings) as addresses, database_failures():
        if trees is not None:
            typer.echo(asyncio.run(load_trees(addresses.owner, trees)).summary())
        elif asyncio.run(_make_demo(addresses, settings)):
            typer.echo("The demo accounts are made; `mandant serve --demo` prints tokens for them.")
        else:
            typer.echo("The demo accounts are there already.")


async def _make_demo(addresses: DatabaseAddresses, settings: Settings) -> bool:
    async with current_database(addresses.application) as database, demo_year(addresses, settings) as year:
        made = await make_demo(database, settings.link_base, _contact_key(settings), year)
    if made:
        await add_staff(addresses.owner, SUPPORTER.email, StaffRole.APPROVER)
    return made


def _contact_key(settings: Settings) -> ContactKey | None:
    with suppress(Refusal):
        return key_source(settings)()
    return None


@_commands.command()
def outbox() -> None:
    """Show the mail that waits to be sent, with its links."""
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        mails = asyncio.run(_waiting_mail(addresses.application))
    if mails:
        print_table(mail_table(mails))
    else:
        typer.echo("No mail waits.")


async def _waiting_mail(database_url: str) -> list[WaitingMail]:
    async with current_database(database_url) as database:
        return await waiting_mail(database)


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
