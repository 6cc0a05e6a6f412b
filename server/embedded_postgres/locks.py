"""Locks between processes. The kernel forgets them when a process ends, however it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.embedded_postgres.errors import EmbeddedPostgresError
from server.embedded_postgres.folders import give_to_owner


@contextmanager
def exclusive_lock(path: Path, *, seconds: float, trouble: str) -> Iterator[int]:
    """Hold the file's lock alone; after the seconds, EmbeddedPostgresError with the trouble as its message.

    Yields the descriptor: a program that inherits it keeps the lock as long as it lives.
    """
    descriptor = _open(path)
    try:
        deadline = time.monotonic() + seconds
        while not _locked(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(trouble)
            time.sleep(0.02)
        yield descriptor
    finally:
        os.close(descriptor)


class UsersLock:
    """One process's entry in the crowd of those who use the server; taken under the exclusive lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = _open(path)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Leave the crowd; True when nobody else is in it. To be called once, under the exclusive lock."""
        try:
            return self._is_current() and _locked(self._descriptor, fcntl.LOCK_EX)
        finally:
            # A forked child has a copy of the descriptor, so closing alone would not give the lock back.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)

    def _is_current(self) -> bool:
        """False when the folder was removed, and perhaps made again by the users of another server."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    give_to_owner(path, path.parent)
    return descriptor


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
