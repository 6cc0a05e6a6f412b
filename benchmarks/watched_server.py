"""Mandant as it is served, with a watch on its event loop.

The first argument is a file of eight bytes. In it stands, in seconds, for how long at most the loop was not
free since somebody wrote a zero there.
"""

import asyncio
import mmap
import socket
import struct
import sys
import time
from pathlib import Path

import uvicorn

from server import cli

_TICK = 0.001


def longest_stall(file: Path) -> float:
    """What the watched server has written, in seconds."""
    (found,) = struct.unpack("d", file.read_bytes())
    return float(found)


def forget_stalls(file: Path) -> None:
    """Watch from now on; also makes the file."""
    with file.open("r+b" if file.exists() else "w+b") as opened:
        opened.write(struct.pack("d", 0.0))


async def _watch(noted: mmap.mmap) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_TICK)
        stalled = time.perf_counter() - began - _TICK
        if stalled > struct.unpack("d", noted[:8])[0]:
            noted[:8] = struct.pack("d", stalled)


def main() -> None:
    """`mandant serve`, watched."""
    serve = uvicorn.Server.serve
    with Path(sys.argv.pop(1)).open("r+b") as file, mmap.mmap(file.fileno(), 8) as noted:

        async def watched(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
            task = asyncio.create_task(_watch(noted))
            await serve(self, sockets)
            task.cancel()
            await asyncio.wait([task])

        uvicorn.Server.serve = watched  # type: ignore[method-assign]  # nothing else of it is touched
        cli.application()


if __name__ == "__main__":
    main()
