"""Sorting digests in a bounded space, however many there are: sorted runs on disk, then merged.

The files have no name and are gone with the process. They hold digests, which tell nothing without the
deployment's key. Everything here reads and writes files: not for the event loop.
"""

import heapq
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from resolvers.sending.address_hash import DIGEST_SIZE, ContactDigest

RUN = 65_536
"""How many digests are held in memory before they are written as a run."""

READ_AT_ONCE = 1024
"""How many of each run are held while they are merged."""


@dataclass(frozen=True)
class _Run:
    """Which of the digests on disk, half-open."""

    start: int
    end: int


class DigestFile:
    """Digests on disk."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.count = 0

    def append(self, digests: list[ContactDigest]) -> None:
        """Write more."""
        self._file.write(b"".join(digests))
        self.count += len(digests)

    def flush(self) -> None:
        """Let what was written be read."""
        self._file.flush()

    def slice(self, start: int, most: int) -> list[ContactDigest]:
        """At most so many, from the one with this number on."""
        found = os.pread(self._file.fileno(), most * DIGEST_SIZE, start * DIGEST_SIZE)
        return [ContactDigest(found[at : at + DIGEST_SIZE]) for at in range(0, len(found), DIGEST_SIZE)]


class DigestSorter:
    """Takes digests in any order and gives each once, in order. Is to be closed."""

    def __init__(self) -> None:
        self._files = ExitStack()
        self._runs: list[_Run] = []
        self._written = self._new_file()
        self._held: set[ContactDigest] = set()

    def add(self, digest: ContactDigest) -> None:
        """One more; again is nothing new."""
        self._held.add(digest)
        if len(self._held) == RUN:
            self._write_run()

    def result(self) -> DigestFile:
        """All of them, each once, in order; until this is closed."""
        self._write_run()
        self._written.flush()
        found = self._new_file()
        batch: list[ContactDigest] = []
        last: ContactDigest | None = None
        for digest in heapq.merge(*map(self._read, self._runs)):
            if digest != last:
                batch.append(digest)
                last = digest
            if len(batch) == RUN:
                found.append(batch)
                batch = []
        found.append(batch)
        found.flush()
        return found

    def close(self) -> None:
        """Give the space back."""
        self._files.close()

    def _new_file(self) -> DigestFile:
        return DigestFile(self._files.enter_context(TemporaryFile()))

    def _write_run(self) -> None:
        start = self._written.count
        self._written.append(sorted(self._held))
        self._runs.append(_Run(start, self._written.count))
        self._held.clear()

    def _read(self, run: _Run) -> Iterator[ContactDigest]:
        for start in range(run.start, run.end, READ_AT_ONCE):
            yield from self._written.slice(start, min(READ_AT_ONCE, run.end - start))
