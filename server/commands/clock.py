"""Setting the embedded database's clock, to see what comes next."""

import asyncio
import datetime
import re
from typing import Annotated

import typer

from server.commands.database import embedded_database, read_settings
from server.database.clock import Clock
from server.database.current import owners_database
from server.embedded_postgres import DatabaseAddresses
from server.failures.command_failed import CommandFailed, database_failures

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dh])")
_FURTHEST = datetime.timedelta(days=3660)


def hours_of(span: str) -> int:
    """The hours of a span such as `31d` or `36h`. Raises CommandFailed for any other text."""
    found = _SPAN.fullmatch(span)
    if found is None:
        raise CommandFailed(f"Not a span of time: {span!r}. Say 31d for 31 days, 36h for 36 hours.")
    return int(found[1]) * (24 if found[2] == "d" else 1)


async def set_forward(addresses: DatabaseAddresses, hours: int) -> datetime.datetime:
    """Set the clock forward. Returns the new time. Raises CommandFailed beyond ten years ahead."""
    async with owners_database(addresses.owner) as database:
        clock = Clock(database)
        ahead = await clock.now() - datetime.datetime.now(datetime.UTC)
        if ahead + datetime.timedelta(hours=hours) > _FURTHEST:
            raise CommandFailed("The clock cannot be set further than ten years ahead.")
        await clock.forward(hours=hours)
        return await clock.now()


GROUP = typer.Typer(name="clock", help="The embedded database's clock.", no_args_is_help=True)


@GROUP.command("forward")
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
