"""A small disk of the test's own, in the memory, which needs no administrator: a namespace of its own."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from server.embedded_postgres import DatabaseAddresses
from server.embedded_postgres.credentials import load_credentials
from server.embedded_postgres.postmaster import SOCKET_FOLDER_LINE
from tests.faults.site import address_of
from tests.server.start.processes import COMMAND, Running, environment_of

_MOUNT = (
    'mount -t tmpfs -o size="$1" disk "$2" && chmod 0755 "$2" && shift 2 && '
    'exec unshare --user --map-user=1000 --map-group=1000 "$@"'
)
"""PostgreSQL does not run as root, which the first namespace makes of whoever enters it."""
_UNSHARED = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _MOUNT, "sh")


def why_not(folder: Path) -> str:
    """Why this machine can make none; empty if it can."""
    if shutil.which("unshare") is None:
        return "there is no unshare"
    tried = subprocess.run([*_UNSHARED, "1m", folder, "true"], capture_output=True, text=True, check=False)
    return tried.stderr


@dataclass(frozen=True)
class SmallDisk:
    """A server with its embedded database on it. `seen`: the disk as this process sees it."""

    server: Running
    url: str
    seen: Path

    @property
    def addresses(self) -> DatabaseAddresses:
        """Of its database."""
        folder = self.seen / "database"
        credentials = load_credentials(folder / "postgres.json")
        assert credentials is not None
        lines = (folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
        return credentials.addresses(Path(lines[SOCKET_FOLDER_LINE]))

    def fill(self) -> None:
        """Leave no room."""
        free = os.statvfs(self.seen)
        with (self.seen / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, free.f_bavail * free.f_bsize)

    def make_room(self) -> None:
        """As it was."""
        (self.seen / "ballast").unlink()


@asynccontextmanager
async def serving_on_small_disk(folder: Path, size: str) -> AsyncIterator[SmallDisk]:
    """`mandant serve` in a folder that is such a disk."""
    disk = folder / "disk"
    disk.mkdir()
    server = _started(folder, disk, size)
    process = server.process
    try:
        url = await address_of(server)
        yield SmallDisk(server, url, Path(f"/proc/{process.pid}/root") / disk.relative_to("/"))
    finally:
        if process.poll() is None:
            await asyncio.to_thread(server.terminate)


def _started(folder: Path, disk: Path, size: str) -> Running:
    output_file, error_file = folder / "output", folder / "errors"
    with output_file.open("wb") as output, error_file.open("wb") as errors:
        process = subprocess.Popen(
            [*_UNSHARED, size, disk, COMMAND, "serve"],
            env=environment_of({"PORT": "0", "MANDANT_FOLDER": str(disk / "database")}),
            cwd=folder,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    return Running(process, output_file, error_file)
