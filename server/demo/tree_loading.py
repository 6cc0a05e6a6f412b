"""Large data, written by COPY in batches as the database's owner: memory does not grow with it."""

import time
from dataclasses import dataclass

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.text.numbers import counted
from resolvers.people.passwords.new_passwords import PreparedPassword, hash_of
from server.demo.story import DEMO_PASSWORD
from server.demo.trees import ACCOUNTS_OF_A_TREE, COLUMNS, rows_of_trees

_TREES_OF_A_BATCH = 20


@dataclass(frozen=True)
class Loaded:
    """What was written, and in how many seconds."""

    trees: int
    seconds: float
    owner_email: str
    """One of the people in it, to look at the data as."""

    def summary(self) -> str:
        """A sentence for people."""
        accounts = self.trees * ACCOUNTS_OF_A_TREE
        rate = accounts / self.seconds * 60
        return (
            f"{counted(accounts, 'account')} in {counted(self.trees, 'tree')}: {self.seconds:.1f} seconds, "
            f"{rate:,.0f} accounts a minute. An owner: {self.owner_email}, password {DEMO_PASSWORD}."
        )


async def load_trees(owner_url: str, trees: int) -> Loaded:
    """Write so many trees beside what is there, a batch a transaction, with a bar on standard error."""
    password_hash = hash_of(PreparedPassword(DEMO_PASSWORD))
    connection = await asyncpg.connect(owner_url)
    began = time.monotonic()
    owner_email = ""
    try:
        with _progress() as progress:
            task = progress.add_task("accounts", total=trees * ACCOUNTS_OF_A_TREE)
            for first in range(1, trees + 1, _TREES_OF_A_BATCH):
                numbers = range(first, min(first + _TREES_OF_A_BATCH, trees + 1))
                owner_email = await _load(connection, numbers, password_hash)
                progress.advance(task, len(numbers) * ACCOUNTS_OF_A_TREE)
        # Until PostgreSQL looks itself, in a minute, it would plan for empty tables.
        await connection.execute(f"ANALYZE {', '.join(COLUMNS)}")
    finally:
        await connection.close()
    return Loaded(trees, time.monotonic() - began, owner_email)


async def _load(connection: asyncpg.Connection, numbers: range, password_hash: str) -> str:
    rows = rows_of_trees(numbers, password_hash)
    async with connection.transaction():
        for table, columns in COLUMNS.items():
            await connection.copy_records_to_table(table, records=rows.by_table[table], columns=columns)
    return str(rows.by_table["users"][0][COLUMNS["users"].index("email")])


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
