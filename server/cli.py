"""The command `mandant`."""

import asyncio
import signal
import sys
from typing import Annotated

import typer

from schema.root import build_schema
from server import serve as serving
from server.commands.database import current_database, migrate_now, open_database, read_settings
from server.commands.failures import CommandFailed, database_failures
from server.commands.ledger import ledger_faults
from server.commands.outbox import WaitingMail, mail_table, waiting_mail
from server.commands.policy import LEGEND, policy_table, policy_texts
from server.commands.tables import print_table
from server.demo.access import DemoAccess, open_access
from server.demo.banner import banner
from server.demo.making import make_demo
from server.demo.tree_loading import load_trees
from server.settings import Settings

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
_commands.add_typer(_policy, name="policy")
_commands.add_typer(_ledger, name="ledger")
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
            help="Make the demo accounts first, and print tokens for them. Their password is no secret: "
            "not for a database of real people.",
        ),
    ] = False,
) -> None:
    """Serve the API on HOST and PORT, until Ctrl-C or SIGTERM."""
    settings = read_settings()
    with serving.open_listener(settings) as listener, open_database(settings) as addresses:
        serving.start_log()
        settings = serving.with_address(settings, listener)
        url = serving.local_url(listener)
        text = f"Mandant answers at {url}/graphql"
        if demo:
            with database_failures():
                access = asyncio.run(_prepare_demo(addresses.application, settings))
            text = banner(url, access)
        serving.print_once_served(text, listener)
        serving.run(settings, addresses.application, listener, workers)


async def _prepare_demo(database_url: str, settings: Settings) -> DemoAccess:
    async with current_database(database_url) as database:
        await make_demo(database, settings.link_base)
        return await open_access(database, settings.folder / "demo.json")


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
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        if trees is not None:
            typer.echo(asyncio.run(load_trees(addresses.owner, trees)).summary())
        elif asyncio.run(_make_demo(addresses.application, settings)):
            typer.echo("The demo accounts are made; `mandant serve --demo` prints tokens for them.")
        else:
            typer.echo("The demo accounts are there already.")


async def _make_demo(database_url: str, settings: Settings) -> bool:
    async with current_database(database_url) as database:
        return await make_demo(database, settings.link_base)


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
