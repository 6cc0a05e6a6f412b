"""A server's processes, stopped as a machine is that hangs: connections stay open, and nobody answers."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from server.embedded_postgres.postmaster import find_postmaster


@contextmanager
def frozen(data: Path) -> Iterator[None]:
    """The server of the data folder says nothing meanwhile."""
    postmaster = find_postmaster(data)
    assert postmaster is not None
    # The postmaster first, so that it starts nothing meanwhile.
    stopped = [postmaster.pid]
    os.kill(postmaster.pid, signal.SIGSTOP)
    for pid in _children(postmaster.pid):
        stopped.append(pid)
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(stopped):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in listed.split()]
