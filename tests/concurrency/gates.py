"""Stopping one request before one of its statements, so that another can be committed in between."""

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from tests.concurrency.outcomes import locked_out
from tests.engine.statements import before_fixed, is_application

T = TypeVar("T")

_PATIENCE = 60.0
"""Seconds."""


class Gate:
    """Stops a request before its first statement that holds the text, or before the next ones of them.

    `after`: how many such statements may pass before. Compiled reads are not stopped: only writes, and reads
    by the reference executor.
    """

    def __init__(self, text: str, after: int = 0) -> None:
        self._text = text
        self._to_pass = after
        self._reached = asyncio.Event()
        self._opened = asyncio.Event()

    async def holding(self, request: Awaitable[T]) -> T:
        """The request's answer; it stops at this gate. To be run as a task of its own."""
        token = _gate.set(self)
        try:
            return await request
        finally:
            _gate.reset(token)

    async def reached(self) -> None:
        """Wait until the request stands before the statement."""
        async with asyncio.timeout(_PATIENCE):
            await self._reached.wait()

    def open(self) -> None:
        """Let the request go on."""
        self._opened.set()

    async def stop(self, statement: str) -> None:
        """Wait for the opening, if the statement is the one."""
        if self._text not in statement or self._opened.is_set():
            return
        if self._to_pass > 0:
            self._to_pass -= 1
            return
        self._reached.set()
        async with asyncio.timeout(_PATIENCE):
            await self._opened.wait()


async def waits(task: "asyncio.Task[Any]", database: AsyncEngine) -> bool:
    """Whether the task waits for a lock of the database before it ends. Nobody else may wait for one."""
    async with asyncio.timeout(_PATIENCE):
        while not task.done():
            if await locked_out(database):
                return True
            await asyncio.sleep(0.01)
    return False


_gate: ContextVar[Gate | None] = ContextVar("gate", default=None)


@event.listens_for(Engine, "before_cursor_execute")
def _stop(connection: Connection, _cursor: object, statement: str, *_: Any) -> None:
    gate = _gate.get()
    if gate is not None and is_application(connection):
        await_only(gate.stop(statement))


@before_fixed
async def _stop_fixed(statement: str) -> None:
    gate = _gate.get()
    if gate is not None:
        await gate.stop(statement)
