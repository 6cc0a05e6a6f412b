"""The command `mandant`."""

import asyncio
import signal
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

from models.staff.tables import StaffRole
from schema.root import build_schema, graphql_schema
from server import commands
from server.commands.database import (
    made_database,
    migrate_now,
    open_database,
    read_settings,
)
from server.commands.outbox import WaitingMail, mail_table, waiting_mail
from server.commands.staff import add_staff
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
from server.graphql.manifest import check_manifest
from server.logs import metrics, traces
from server.settings.deployment import deployment
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
for _module in iter_modules(commands.__path__, f"{commands.__name__}."):
    _group = getattr(import_module(_module.name), "GROUP", None)
    if _group is not None:
        _commands.add_typer(_group)


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
    if settings.documents is not None:
        check_manifest(settings.documents, graphql_schema(build_schema()))
    with serving.open_listener(settings) as listener, made_database(settings, tell=_tell) as addresses:
        serving.start_log()
        settings = serving.with_address(settings, listener)
        url = serving.local_url(listener)
        text = f"Mandant answers at {url}/graphql"
        working: AbstractContextManager[None] = nullcontext()
        if demo:
            _tell("Making the demo accounts, if they are not there yet ...")
            with database_failures():
                access = asyncio.run(_prepare_demo(addresses, settings))
            text = banner(url, access, has_outbox=settings.local_outbox)
            working = at_work(addresses.application, deployment(settings))
        with working:
            serving.print_once_served(text, listener)
            logins = demo_logins() if demo else ()
            serving.run(settings, addresses.application, listener, workers, logins)


def _tell(step: str) -> None:
    """Show a step that takes a while at the terminal."""
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
        _serve_metrics(settings)
        traces.start(settings.traces_url, settings.traces_name)
        # Before it works and after it a signal interrupts it at once.
        with suppress(KeyboardInterrupt):
            asyncio.run(work_until_signalled(addresses.application, deployment(settings)))


def _serve_metrics(settings: Settings) -> None:
    """Serve the worker's metrics. Raises CommandFailed if the address cannot be used."""
    port = settings.metrics_port
    if port is None:
        return
    try:
        metrics.serve_on(settings.host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandFailed(f"Cannot serve metrics on {settings.host}, port {port}: {reason}.") from error


@_commands.command()
def migrate(
    breaks_promises: Annotated[
        str | None,
        typer.Option(
            help="Why built-in roles of this release may break what accounts have promised, for their logs."
        ),
    ] = None,
) -> None:
    """Bring the database up to date, as its owner."""
    settings = read_settings()
    owner_url = settings.migration_database_url or settings.database_url
    if owner_url is not None:
        migrate_now(owner_url, breaks_promises)
    else:
        with made_database(settings, breaks_promises=breaks_promises):
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
    with made_database(settings) as addresses, database_failures():
        if trees is not None:
            typer.echo(asyncio.run(load_trees(addresses.owner, trees)).summary())
        elif asyncio.run(_make_demo(addresses, settings)):
            typer.echo("The demo accounts are made; `mandant serve --demo` prints tokens for them.")
        else:
            typer.echo("The demo accounts are there already.")


async def _make_demo(addresses: DatabaseAddresses, settings: Settings) -> bool:
    async with current_database(addresses.application) as database, demo_year(addresses, settings) as year:
        made = await make_demo(database, deployment(settings), year)
    if made:
        await add_staff(addresses.owner, SUPPORTER.email, StaffRole.APPROVER)
    return made


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
