"""Whether the machine is quiet: what of the processors others take while something is measured.

Others are all processes that this one has not started and that are not the measured PostgreSQL, and the host
of a virtual machine where it holds a processor back.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

NOISE = 0.15
"""Of one core: with more taken by others, what is measured says nothing of a slow answer's cause."""

TOO_BUSY = "machine too busy"
"""What is told in a figure's place."""

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _OWN_TIMES = 1, slice(11, 15)
"""Places behind the name in /proc/PID/stat: the parent; user and system time, and those of ended children."""
_BUSY, _STOLEN = (1, 2, 3), 8
"""Places in the first line of /proc/stat: user, nice and system; the host."""


@dataclass
class Others:
    """Cores that others took, on average."""

    cores: float = 0.0

    @property
    def are_quiet(self) -> bool:
        """Whether what was measured meanwhile can be believed."""
        return self.cores <= NOISE


@contextmanager
def watched(roots: Sequence[int]) -> Iterator[Others]:
    """What others take until the end of the block. `roots`: our processes, each with all that it started."""
    found = Others()
    began, before = time.monotonic(), _taken_by_others(roots)
    yield found
    seconds = max(time.monotonic() - began, 1 / _TICKS)
    found.cores = max(0.0, _taken_by_others(roots) - before) / seconds


def processor_seconds(root: int) -> float:
    """What a process and all that it started have taken."""
    rows = _processes()
    return sum(rows[pid][1] for pid in _family(rows, [root]))


def family(root: int) -> set[int]:
    """A process and all that it started."""
    return _family(_processes(), [root])


async def postmaster_of(connection: asyncpg.Connection) -> int:
    """The process that has started this connection's."""
    backend = connection.get_server_pid()
    return _stat(Path(f"/proc/{backend}/stat"))[0]


def _taken_by_others(roots: Sequence[int]) -> float:
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    total = sum(int(fields[place]) for place in (*_BUSY, _STOLEN)) / _TICKS
    rows = _processes()
    return total - sum(rows[pid][1] for pid in _family(rows, roots))


def _family(rows: dict[int, tuple[int, float]], roots: Sequence[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in rows.items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = [root for root in roots if root in rows]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += children.get(pid, [])
    return found


def _processes() -> dict[int, tuple[int, float]]:
    """By id: the parent, and the seconds of the processor, those of ended children too."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                found[int(folder.name)] = _stat(folder / "stat")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
    return found


def _stat(file: Path) -> tuple[int, float]:
    fields = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return int(fields[_PARENT]), sum(int(one) for one in fields[_OWN_TIMES]) / _TICKS
