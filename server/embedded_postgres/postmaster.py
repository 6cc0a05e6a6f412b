"""Finds out whether a server runs on a data folder. Its pid file alone does not say so."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOCKET_FOLDER_LINE = 4


@dataclass(frozen=True)
class Postmaster:
    """A live server process of the data folder, and the folder of its socket."""

    pid: int
    socket_folder: Path


def find_postmaster(data: Path) -> Postmaster | None:
    """The server that runs on the data folder. None if its pid file is missing or damaged, or if it names a
    process that is dead or does something else."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    if f"postgres -D {data} " not in _command_line(pid):
        return None
    # The line is missing in the first moments of a start, when no server listens yet.
    return Postmaster(pid, Path(lines[SOCKET_FOLDER_LINE]) if len(lines) > SOCKET_FOLDER_LINE else data)


def _command_line(pid: int) -> str:
    """The arguments of a process, each followed by a space; empty if there is no such process."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="surrogateescape").replace("\0", " ")
        except OSError:
            return ""
    listed = subprocess.run(  # noqa: S603 - a fixed program and a number
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip() + " "
