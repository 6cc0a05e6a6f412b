"""The server's side of rendering: a process that is started when it is needed, and ended when it takes too
long."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

from resolvers.templates.rendering.limits import WALL_SECONDS
from resolvers.templates.rendering.wire import LENGTH_BYTES, answer_in, packed
from resolvers.templates.rendering.work import Fault, Rendered, Work

_PROGRAM = "resolvers.templates.rendering.process"
_TOO_MUCH = Fault("it takes too long, or too much memory.")


class Renderer:
    """One for all requests of a server's process. Work is done one piece after the other."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def do(self, work: Work) -> Rendered | Fault:
        """Check or render. What takes more than its limits is a fault."""
        async with self._turn:
            process = await self._running()
            try:
                async with asyncio.timeout(WALL_SECONDS):
                    return await _asked(process, work)
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
                await self._end()
                return _TOO_MUCH
            except BaseException:
                await self._end()  # else the next work would get this one's answer
                raise

    async def close(self) -> None:
        """End the process, after the last request."""
        async with self._turn:
            await self._end()

    async def _running(self) -> Process:
        if self._process is not None and _is_alive(self._process):
            return self._process
        await self._end()
        # Nothing of the server's environment: it holds secrets.
        environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _PROGRAM, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment
        )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
        if process is not None:
            await process.wait()


def _is_alive(process: Process) -> bool:
    """Its end may be known by its output first."""
    return process.returncode is None and process.stdout is not None and not process.stdout.at_eof()


async def _asked(process: Process, work: Work) -> Rendered | Fault:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("it was started with pipes")
    process.stdin.write(packed(work))
    await process.stdin.drain()
    length = await process.stdout.readexactly(LENGTH_BYTES)
    return answer_in(await process.stdout.readexactly(int.from_bytes(length, "big")))
