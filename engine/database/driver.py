"""asyncpg's connection, changed so that nothing waits for a silent server."""

import asyncio
import time
from typing import Any

import asyncpg

from engine.database.reachability import Reachability

_ON = "on"


class DriverConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that is closed when a statement times out or is cancelled.

    asyncpg would ask the server over a second connection to cancel the statement, and make the next caller
    wait for that. A silent server answers neither. A healthy one ends the statement by its own limit.
    """

    __slots__ = ("opened_at", "server")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.server: Reachability | None = None
        """The server that is doubted when a statement is given up."""
        self.opened_at = time.monotonic()

    @property
    def is_read_only(self) -> bool:
        """Whether the server reported that it is a replica, or read only by a setting."""
        reported = self.get_settings()
        return _ON in (
            getattr(reported, "in_hot_standby", None),
            getattr(reported, "default_transaction_read_only", None),
        )

    def give_up(self) -> None:
        """Close the connection without waiting, and doubt the server."""
        self.terminate()
        if self.server is not None:
            self.server.doubt()

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's signature
        """Close the connection without waiting for an answer."""
        self.terminate()

    def _cancel_current_command(
        self, waiter: asyncio.Future[None], cancel_waiter: asyncio.Future[None] | None = None
    ) -> None:
        """asyncpg calls this while it gives up, and needs the connection until it is done."""
        self._loop.call_soon(self.give_up)
