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
    """Hold the file's lock exclusively. Raises EmbeddedPostgresError with the message `trouble` if it is not
    free within so many seconds.

    Yields the descriptor. A program that inherits it holds the lock as long as it runs.
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
    """One process's share of the lock that all users of the server hold. Taken under the exclusive lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = _open(path)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Give the share back. Returns True if nobody else has one. Called once, under the exclusive lock."""
        try:
            return self._is_current() and _locked(self._descriptor, fcntl.LOCK_EX)
        finally:
            # A forked child has a copy of the descriptor, so that closing it here would not release the lock.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)

    def _is_current(self) -> bool:
        """Whether the file is still in its place. False if the folder was removed, and perhaps made again for
        another server."""
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
