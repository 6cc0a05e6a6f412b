"""The jobs that failed too often: shows them and puts them back into the queue."""

import asyncio
import datetime
from dataclasses import dataclass

import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy import text

from server.commands.database import open_database, read_settings
from server.commands.tables import new_table, print_table, printable
from server.database.current import current_database
from server.failures.command_failed import database_failures
from server.jobs.queue import open_queue

_MOST_SHOWN = 1000

_HELD = text("""
SELECT job.id, job.entrypoint, job.payload, job.created, told.error
FROM pgq.pgqueuer AS job
LEFT JOIN LATERAL (
  SELECT concat_ws(': ', traceback->>'exception_type', nullif(traceback->>'exception_message', '')) AS error
  FROM pgq.pgqueuer_log AS log
  WHERE log.job_id = job.id AND log.traceback IS NOT NULL ORDER BY log.id DESC LIMIT 1
) AS told ON true
WHERE job.status = 'failed' ORDER BY job.id LIMIT :most
""")


@dataclass(frozen=True)
class HeldJob:
    """`about`: the ids of its tree and of its subject. `error`: why it failed last, if that is known yet."""

    kind: str
    about: str
    created_at: datetime.datetime
    error: str


async def held_jobs(database_url: str) -> list[HeldJob]:
    """The jobs that are held: the oldest first, at most 1000. Raises CommandFailed if migrations are due."""
    async with current_database(database_url) as database, database.connect() as connection:
        rows = (await connection.execute(_HELD, {"most": _MOST_SHOWN})).all()
    return [
        HeldJob(row.entrypoint, (row.payload or b"").decode(errors="replace"), row.created, row.error or "")
        for row in rows
    ]


async def retry_held_jobs(database_url: str) -> int:
    """Put the held jobs back into the queue, to be done at once. Returns how many. Raises CommandFailed."""
    async with current_database(database_url):
        pass
    async with open_queue(database_url) as queue:
        held = [job.id for job in await queue.list_failed_jobs(limit=_MOST_SHOWN)]
        await queue.requeue_jobs(held)
        return len(held)


def jobs_table(jobs: list[HeldJob]) -> Table:
    """A line for each."""
    table = new_table("Put in", "Kind", "Tree and subject", "Last error")
    for job in jobs:
        since = job.created_at.strftime("%Y-%m-%d %H:%M UTC")
        table.add_row(*(Text(printable(cell)) for cell in (since, job.kind, job.about, job.error)))
    return table


GROUP = typer.Typer(name="jobs", help="The jobs of workers.", no_args_is_help=True)


@GROUP.command("held")
def jobs_held() -> None:
    """Show the jobs that failed too often and are not tried any more."""
    with open_database(read_settings()) as addresses, database_failures():
        held = asyncio.run(held_jobs(addresses.application))
    if held:
        print_table(jobs_table(held))
    else:
        typer.echo("No job is held.")


@GROUP.command("retry")
def jobs_retry() -> None:
    """Have the jobs that are held done again."""
    with open_database(read_settings()) as addresses, database_failures():
        number = asyncio.run(retry_held_jobs(addresses.application))
    typer.echo(f"{number} put back into the queue.")
