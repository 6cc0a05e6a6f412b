"""A mail that came back, from a mail server that runs a command for it."""

import asyncio
import sys

import typer

from authz.policy.refusals import Refusal
from engine.writes.sessions import WriteSessions
from server.commands.database import open_database, read_settings
from server.database.current import current_database
from server.failures.command_failed import CommandFailed, database_failures
from server.feedback.intake import FeedbackIntake, Taken
from server.feedback.parts import LARGEST
from server.settings.secret_keys import keyring_source, signer_source
from server.settings.settings import Settings


async def take(database_url: str, settings: Settings, content: bytes) -> Taken:
    """Record what the mail reports. Raises CommandFailed where there are no secrets or migrations are due."""
    async with current_database(database_url) as database:
        intake = FeedbackIntake(WriteSessions(database), signer_source(settings), keyring_source(settings))
        try:
            return await intake.take(content)
        except Refusal as refusal:
            raise CommandFailed(f"{refusal.message} Set MANDANT_SECRET_KEYS.") from refusal


GROUP = typer.Typer(name="feedback", help="Mail that comes back.", no_args_is_help=True)


@GROUP.command("take")
def feedback_take() -> None:
    """Take one mail from standard input: a delivery report or a complaint about a message.

    The exit code is 0 whatever the mail is, because to bring it again would change nothing; another one if it
    should be brought again later.
    """
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        content = sys.stdin.buffer.read(LARGEST + 1)
        taken = asyncio.run(take(addresses.application, settings, content))
    told = "".join(f" {kind.value}" for kind in taken.events)
    typer.echo(f"{taken.outcome.name}{told}: {taken.outcome.value}")
