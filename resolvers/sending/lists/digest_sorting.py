"""Sorting digests in bounded memory: sorted runs on disk, which are then merged.

The files have no name and end with the process. Digests reveal nothing without the deployment's key. All
functions read and write files: do not call them in the event loop.
"""

import heapq
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from resolvers.inputs.address_digests import DIGEST_SIZE, ContactDigest

RUN = 65_536
"""How many digests are held in memory before they are written as a run."""

READ_AT_ONCE = 1024
"""How many digests of each run are held during the merge."""


@dataclass(frozen=True)
class _Run:
    """A half-open range of the digests on disk."""

    start: int
    end: int


class DigestFile:
    """Digests on disk."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.count = 0

    def append(self, digests: list[ContactDigest]) -> None:
        """Write these digests."""
        self._file.write(b"".join(digests))
        self.count += len(digests)

    def flush(self) -> None:
        """Make the written digests readable."""
        self._file.flush()

    def slice(self, start: int, most: int) -> list[ContactDigest]:
        """At most so many digests, from this number on."""
        found = os.pread(self._file.fileno(), most * DIGEST_SIZE, start * DIGEST_SIZE)
        return [ContactDigest(found[at : at + DIGEST_SIZE]) for at in range(0, len(found), DIGEST_SIZE)]


class DigestSorter:
    """Takes digests in any order and returns each once, in order. The caller closes it."""

    def __init__(self) -> None:
        self._files = ExitStack()
        self._runs: list[_Run] = []
        self._written = self._new_file()
        self._held: set[ContactDigest] = set()

    def add(self, digest: ContactDigest) -> None:
        """Add a digest. Repetitions are ignored."""
        self._held.add(digest)
        if len(self._held) == RUN:
            self._write_run()

    def result(self) -> DigestFile:
        """All digests, each once, in order, until this is closed."""
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
        """Free the disk space."""
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
