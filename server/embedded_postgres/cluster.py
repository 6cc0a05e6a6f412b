"""One data folder: created, started and stopped with PostgreSQL's own programs."""

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from server.embedded_postgres.credentials import OWNER
from server.embedded_postgres.errors import EmbeddedPostgresError
from server.embedded_postgres.locks import exclusive_lock
from server.embedded_postgres.postmaster import find_postmaster
from server.embedded_postgres.programs import Programs

START_SECONDS = 120
STOP_SECONDS = 45

# After a server was killed, its sessions still finish their statements. Until then no other one may start.
ORPHANS_SECONDS = 10.0

# Clients connect through a socket only, and need a password.
ACCESS_RULES = "local all all scram-sha-256\n"

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
FORGETFUL_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Cluster:
    """The data folder inside the home folder, and the programs that work on it. Callers hold the exclusive
    lock."""

    home: Path
    programs: Programs

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What the server has logged since its last start."""
        return self.home / "server.log"

    def create(self, *, durable: bool) -> None:
        """Make an empty data folder. If that fails, nothing is left behind. Nobody can log in yet."""
        unfinished = self.home / "data-unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self.programs.run(
            "initdb",
            f"--pgdata={unfinished}",
            f"--username={OWNER}",
            "--auth=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *([] if durable else ["--no-sync"]),
        )
        (unfinished / "pg_hba.conf").write_text(ACCESS_RULES)
        unfinished.rename(self.data)

    def check_version(self) -> None:
        """Raises EmbeddedPostgresError if another major version of PostgreSQL made the data."""
        ours = self.programs.major_version()
        try:
            theirs = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise EmbeddedPostgresError(
                f"{self.data} is not a data folder of PostgreSQL: move it away."
            ) from None
        if theirs != ours:
            raise EmbeddedPostgresError(
                f"PostgreSQL {theirs} made the data in {self.data}, and PostgreSQL {ours} cannot read it: "
                f"dump it with a version {theirs}, or move it away to start empty."
            )

    def set_owner_password(self, password: str) -> None:
        """Works without the old password, as long as the server does not run."""
        self.programs.run(
            *("postgres", "--single", "-D", str(self.data), "-c", "exit_on_error=on", "postgres"),
            script=f"ALTER ROLE {OWNER} PASSWORD '{password}'\n",
        )

    @contextmanager
    def alone(self) -> Iterator[int]:
        """Hold the lock that says that no server process works on the data, not even one in another
        container.

        Yields the descriptor of the lock, for `launch`.
        """
        trouble = f"A server out of sight works on {self.data}: a killed one's session, or another container."
        with exclusive_lock(self.home / "server.lock", seconds=ORPHANS_SECONDS, trouble=trouble) as lock:
            # PostgreSQL believes a pid file that names any living process.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            yield lock

    def launch(self, socket_folder: Path, lock: int, *, durable: bool) -> None:
        """Start the server and wait until it is ready. Its processes hold the lock as long as they run."""
        quoted = str(socket_folder).replace('"', '""')
        settings = (
            SETTINGS | {"unix_socket_directories": f'"{quoted}"'} | ({} if durable else FORGETFUL_SETTINGS)
        )
        options = shlex.join(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        self.log.unlink(missing_ok=True)
        try:
            self._control(
                "start", START_SECONDS, f"--log={self.log}", f"--options={options}", inherited=(lock,)
            )
        except EmbeddedPostgresError as error:
            with suppress(OSError):
                socket_folder.rmdir()
            written = self.log.read_text(errors="replace") if self.log.exists() else ""
            raise EmbeddedPostgresError(f"{error}\n{written[-4000:].strip()}") from error

    def shut_down(self) -> None:
        """Stop the server if it runs, close its connections and delete the folder of its socket."""
        postmaster = find_postmaster(self.data)
        if postmaster is not None:
            try:
                self._control("stop", STOP_SECONDS, "--mode=fast")
            except EmbeddedPostgresError:
                # pg_ctl reports a failure if the server has died in the meantime.
                if find_postmaster(self.data) is not None:
                    raise
            with suppress(OSError):
                postmaster.socket_folder.rmdir()

    def _control(self, action: str, seconds: int, *options: str, inherited: tuple[int, ...] = ()) -> None:
        waiting = ("--wait", f"--timeout={seconds}", "--silent")
        self.programs.run("pg_ctl", action, f"--pgdata={self.data}", *waiting, *options, inherited=inherited)
