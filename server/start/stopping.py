"""How a server ends: it accepts nobody any more, and answers whatever has reached it.

uvicorn closes its listener while connections wait in the system's queue, which resets them. With several
processes the first one keeps the listener open until all others have ended: connections are made that nobody
ever answers. If the first one is killed, the others stay.
"""

import asyncio
import os
import signal
import socket
from contextlib import suppress

import uvicorn
from uvicorn.supervisors import multiprocess


class StoppingServer(uvicorn.Server):
    """Of one process. `HttpProtocol.shutdown` ends each of its connections."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, after the connections that wait were accepted."""
        waiting = [connection for listener in sockets or [] for connection in self._take_all(listener)]
        loop = asyncio.get_running_loop()
        for connection in waiting:
            await loop.connect_accepted_socket(self._protocol, connection)
        await super().shutdown(sockets)

    def _take_all(self, listener: socket.socket) -> list[socket.socket]:
        """Close the listener, and return the connections that nobody has accepted yet."""
        taken: list[socket.socket] = []
        with listener.dup() as last:
            last.setblocking(False)
            for server in self.servers:
                server.close()
            listener.close()
            while True:
                try:
                    connection, _ = last.accept()
                except OSError:  # there is none left, or it has gone meanwhile
                    return taken
                connection.setblocking(False)
                taken.append(connection)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


class _StoppingProcess(multiprocess.Process):
    """One of several. It ends also where the first one is killed: nobody would end it any more, and it would
    keep the port."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """In the new process. Its copy of the first one's end would hide that one's death."""
        self.parent_conn.close()
        super().target(sockets)

    def always_pong(self) -> None:
        """Answer the first process as long as it asks."""
        with suppress(EOFError, OSError):
            super().always_pong()
        os.kill(os.getpid(), signal.SIGTERM)

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = StoppingServer(self.config)
        return self._server


class StoppingProcesses(multiprocess.Multiprocess):
    """Several processes on one listener."""

    def run(self) -> None:
        """Until a signal asks to end."""
        # uvicorn has no setting for it, and makes such a process also in place of one that died.
        multiprocess.Process = _StoppingProcess  # type: ignore[misc]
        super().run()

    def terminate_all(self) -> None:
        """Let go of the listener before the others do."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()
