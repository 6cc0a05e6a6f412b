"""A transport that sends a response's head and body with one system call.

uvicorn writes them one after the other. Each write is a system call and a packet, for the client too. That is
a twentieth of what a small response costs the server.
"""

import asyncio
from collections.abc import Callable


class JoiningTransport(asyncio.Transport):
    """Keeps the first piece until the second one comes, at most until the event loop's turn ends.

    `leave_unsent` is called if the transport is closed before everything was sent.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        leave_unsent: Callable[[], None],
    ) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._leave_unsent = leave_unsent
        self._waiting: bytes | bytearray | memoryview | None = None
        self._written = 0

    @property
    def plain(self) -> asyncio.Transport:
        """The transport itself."""
        return self._transport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._written += len(data)
        waiting = self._waiting
        if waiting is None:
            self._waiting = data
            self._loop.call_soon(self._write_waiting)
        else:
            self._waiting = None
            self._transport.writelines((waiting, data))

    def write_eof(self) -> None:
        self._write_waiting()
        self._transport.write_eof()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._write_waiting()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._leave_unsent()

    def abort(self) -> None:
        self._waiting = None
        self._transport.abort()

    def taken(self) -> int:
        """How many of the written bytes the client has taken."""
        return self._written - self._transport.get_write_buffer_size()

    def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._transport.write(waiting)
