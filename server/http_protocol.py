"""uvicorn's protocol, except that a response's head and body leave by one system call, and that the log is
not told how to serve websockets, of which there are none.

uvicorn writes one after the other, and each write is a system call and a packet of its own, for the client as
well. That is a twentieth of what a small response costs the server.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class HttpProtocol(HttpToolsProtocol):
    """For uvicorn's setting `http`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self.transport = _JoiningTransport(transport, self.loop)

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: the request is answered like any other, and its line in the log has the code."""


class _JoiningTransport(asyncio.Transport):
    """What responses are written to: the first piece waits for the second one, at most to the turn's end."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._waiting: bytes | bytearray | memoryview | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        waiting = self._waiting
        if waiting is None:
            self._waiting = data
            self._loop.call_soon(self._write_waiting)
        else:
            self._waiting = None
            self._transport.writelines((waiting, data))

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._write_waiting()
        self._transport.close()

    def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._transport.write(waiting)
