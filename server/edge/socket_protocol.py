"""uvicorn's websockets, with a limit for clients that do not read, and an end that the application says."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

TAKING_SECONDS = 10.0
"""How long a client may leave what it was sent unread. It has room for 64 KiB and what sockets keep."""

CLOSING_SECONDS = 3.0
"""How long a client that does not answer the end of its socket keeps the connection."""

LONGEST_MESSAGE = 256 * 1024
"""Bytes. A longer one closes the socket with 1009."""

_log = logging.getLogger("server.edge.socket_protocol")
_log.setLevel(logging.WARNING)  # uvicorn tells of each socket, with its address and its query string


class SocketProtocol(WebSocketsSansIOProtocol):
    """For uvicorn's setting `ws`. Messages are not compressed: a small one could be a large one."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = _log
        self.close_timeout = CLOSING_SECONDS
        self._alarm: asyncio.TimerHandle | None = None
        self.ended: Callable[[], None] | None = None
        """Called at the end of the connection."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._take_alarm_back()
        super().connection_lost(exc)
        if self.ended is not None:
            self.ended()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._alarm is None:
            self._alarm = self.loop.call_later(TAKING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._take_alarm_back()
        super().resume_writing()

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # A refusal is the whole answer to a handshake. uvicorn takes it for a fault of the application.
            self.handshake_complete = True

    def _take_alarm_back(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def shutdown(self) -> None:
        """The application closes its sockets itself, with its own code."""
        if self.handshake_complete and not self.close_sent and end_streams(self.app_state):
            return
        super().shutdown()


def end_streams(app_state: dict[str, Any]) -> bool:
    """Ask all streams of the process to end. False: the application has none."""
    end = app_state.get(END_STREAMS)
    if end is None:
        return False
    end()
    return True


END_STREAMS = "end_streams"
"""In the state that the application's lifespan gives: a function that asks all streams to end."""
