"""What the parts share, made when a part first needs it: the data, the servers, the recorded statements."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks import agreement, pgbench
from benchmarks.contestants import Contestants, peers
from benchmarks.data import Tree, give_credit, open_trees
from benchmarks.database import load
from benchmarks.effort import Effort
from benchmarks.machine import CannotMeasure
from benchmarks.operations import Operation, asks_of
from benchmarks.quiet import postmaster_of
from benchmarks.recording import record
from benchmarks.scripts import script_of
from benchmarks.servers import MANDANT, PEERS, PLANNED_ONCE, REFERENCE, Running, running, wait_until_idle
from server.embedded_postgres import DatabaseAddresses


@dataclass(frozen=True)
class Data:
    """The common database: the owner's connection, and the trees that are asked about; `compared` are for
    the comparison of answers alone."""

    connection: asyncpg.Connection
    trees: list[Tree]
    compared: list[Tree]


class Stage:
    """One run's. `folder`: for files that nobody keeps."""

    def __init__(self, addresses: DatabaseAddresses, folder: Path, effort: Effort) -> None:
        self.addresses = addresses
        self.folder = folder
        self.effort = effort
        self._stack = ExitStack()
        self._peers: Contestants | None = None
        self._postmaster: int | None = None
        self._data: Data | None = None
        self._mandant: Running | None = None
        self._servers: list[Running] | None = None
        self._refusal: CannotMeasure | None = None
        self._scripts: dict[Operation, pgbench.Prepared] = {}

    async def close(self) -> None:
        """Stop what was started."""
        self._stack.close()
        if self._data is not None:
            await self._data.connection.close()

    async def data(self) -> Data:
        """The database with its trees."""
        if self._data is None:
            await load(self.addresses.owner, self.effort.trees)
            connection = await asyncpg.connect(self.addresses.owner)
            opened = await open_trees(connection, self.effort.trees_asked + agreement.TREES)
            await give_credit(connection, opened)
            self._data = Data(connection, opened[agreement.TREES :], opened[: agreement.TREES])
        return self._data

    async def roots(self) -> list[int]:
        """The processes that all of ours come from."""
        if self._postmaster is None:
            connection = await asyncpg.connect(self.addresses.owner)
            self._postmaster = await postmaster_of(connection)
            await connection.close()
        return [os.getpid(), self._postmaster]

    async def mandant(self) -> Running:
        """Mandant, as it is served."""
        if self._mandant is None:
            await self.data()
            self._mandant = self._stack.enter_context(
                running(MANDANT, self.addresses.application, self.folder)
            )
            wait_until_idle(self._mandant)
        return self._mandant

    async def servers(self) -> list[Running]:
        """Mandant, its reference path and the peers, which all give the same answers. Raises CannotMeasure
        where one does not; then nobody is asked again."""
        if self._refusal is not None:
            raise self._refusal
        if self._servers is None:
            try:
                self._servers = await self._compared()
            except CannotMeasure as reason:
                self._refusal = reason
                raise
        return self._servers

    async def _compared(self) -> list[Running]:
        data = await self.data()
        await data.connection.execute((PEERS / "postgraphile.sql").read_text(encoding="utf-8"))
        servers = [await self.mandant()] + [
            self._stack.enter_context(running(server, self.addresses.application, self.folder))
            for server in (REFERENCE, *self.peers().servers)
        ]
        await agreement.check(data.connection, servers, data.compared)
        return servers

    def peers(self) -> Contestants:
        """The other servers."""
        if self._peers is None:
            self._peers = peers(self.folder)
        return self._peers

    async def compared_servers(self) -> list[Running]:
        """Mandant and the peers whose statements are planned like its own."""
        names = [MANDANT.name, *self.peers().planned(PLANNED_ONCE)]
        return [running for running in await self.servers() if running.server.name in names]

    async def script(self, operation: Operation) -> pgbench.Prepared:
        """For pgbench: the very statements that Mandant sends for the operation."""
        if operation not in self._scripts:
            data = await self.data()
            await agreement.forget_writes(data.connection)
            asks = asks_of(operation, data.trees)
            script = script_of(await record(self.addresses.application, operation, asks))
            name = operation.value
            self._scripts[operation] = await pgbench.prepare(data.connection, name, script, self.folder)
        return self._scripts[operation]
