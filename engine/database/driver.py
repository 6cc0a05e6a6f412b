"""asyncpg's connection, on which nothing waits for a server that is silent."""

import asyncio
import time
from typing import Any

import asyncpg

from engine.database.reachability import Reachability

_ON = "on"


class DriverConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that is closed where a statement is given up, because it took too long or was cancelled.

    asyncpg would ask the server over another connection to cancel the statement, and let whoever comes next
    wait until it has: a server that is silent answers neither. One that is not ends the statement by its own
    limit.
    """

    __slots__ = ("opened_at", "server")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.server: Reachability | None = None
        """What is told where a statement is given up."""
        self.opened_at = time.monotonic()

    @property
    def is_read_only(self) -> bool:
        """Whether the server said that transactions on it change nothing: on a replica, or by a setting."""
        told = self.get_settings()
        return _ON in (
            getattr(told, "in_hot_standby", None),
            getattr(told, "default_transaction_read_only", None),
        )

    def give_up(self) -> None:
        """Close it without waiting, and have the server looked for."""
        self.terminate()
        if self.server is not None:
            self.server.doubt()

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's signature
        """Say farewell, and wait for no answer."""
        self.terminate()

    def _cancel_current_command(
        self, waiter: asyncio.Future[None], cancel_waiter: asyncio.Future[None] | None = None
    ) -> None:
        """Called by asyncpg in the middle of giving up: the connection has to stay until it is through."""
        self._loop.call_soon(self.give_up)
