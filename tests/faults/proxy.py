"""A network between a server and its database that cuts, resets, stalls or loses answers."""

import asyncio
import enum
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

_CHUNK = 65_536
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Flow(enum.Enum):
    """What goes through."""

    ALL = "all"
    NOTHING = "nothing"
    """Connections stay open, new ones are accepted, and nobody hears anything."""
    QUESTIONS_ONLY = "questions only"
    """The database works on what it is asked; its answers are lost."""
    REFUSED = "refused"
    """There is no way: connections are refused."""


class Proxy:
    """Leads from a port of this machine to PostgreSQL's socket."""

    def __init__(self, target: Path) -> None:
        self._target = str(target)
        self._flow = Flow.ALL
        self._open = asyncio.Event()
        self._open.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def connections(self) -> int:
        """How many lead through it."""
        return len(self._ends) // 2

    async def let(self, flow: Flow) -> None:
        """From now on this goes through. What a stalled network holds goes on with ALL."""
        self._flow = flow
        if flow is Flow.ALL:
            self._open.set()
        else:
            self._open.clear()
        if flow is Flow.REFUSED:
            self.cut()
            await self._stop()
        elif self._server is None:
            await self._listen()

    def cut(self) -> None:
        """End all connections, as a network does that closes them in order."""
        for writer in list(self._ends):
            writer.close()

    def reset(self) -> None:
        """End all connections at once: both ends are told of a reset."""
        for writer in list(self._ends):
            connected: socket.socket = writer.get_extra_info("socket")
            if connected.family != socket.AF_UNIX:
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
            writer.transport.abort()

    async def close(self) -> None:
        """Everything ends."""
        self._open.set()
        self.reset()
        await self._stop()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        self._ends.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            answers, there = await asyncio.open_unix_connection(self._target)
            self._ends.add(there)
            await asyncio.gather(
                self._pump(reader, there, {Flow.ALL, Flow.QUESTIONS_ONLY}),
                self._pump(answers, writer, {Flow.ALL}),
            )
        except (OSError, asyncio.CancelledError):
            pass  # PostgreSQL is not there, or the network is taken down
        finally:
            for end in (writer, there):
                if end is not None:
                    end.close()
                    self._ends.discard(end)
            self._pumps.discard(task)

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, flows: set[Flow]
    ) -> None:
        with suppress(ConnectionError):
            while data := await source.read(_CHUNK):
                if self._flow not in flows:
                    await self._open.wait()
                target.write(data)
                await target.drain()
        target.close()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the database of an address with a socket, and the address that leads through it."""
    parts = make_url(url)
    folder = parts.query["host"]
    assert isinstance(folder, str)
    proxy = Proxy(Path(folder) / ".s.PGSQL.5432")
    await proxy.let(Flow.ALL)
    through = parts.set(host="127.0.0.1", port=proxy.port, query={})
    try:
        yield proxy, through.render_as_string(hide_password=False)
    finally:
        await proxy.close()
