"""Starts and stops the embedded PostgreSQL, which several processes share."""

import atexit
import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from server.embedded_postgres.account import choose_account
from server.embedded_postgres.cluster import START_SECONDS, Cluster
from server.embedded_postgres.credentials import (
    Credentials,
    DatabaseAddresses,
    load_credentials,
    new_credentials,
    save_credentials,
)
from server.embedded_postgres.errors import EmbeddedPostgresError, ServerBusyError, ServerRefusedError
from server.embedded_postgres.folders import make_folder, open_home, open_socket_folder
from server.embedded_postgres.locks import UsersLock, exclusive_lock
from server.embedded_postgres.postmaster import find_postmaster
from server.embedded_postgres.preparation import prepare_database
from server.embedded_postgres.programs import find_programs

ANSWER_SECONDS = 2.0

# Longer than a start or a stop may take.
LOCK_SECONDS = 180.0


@dataclass(frozen=True)
class _Use:
    """This process's share in a running server."""

    process: int
    cluster: Cluster
    users: UsersLock
    addresses: DatabaseAddresses


class EmbeddedPostgres:
    """A PostgreSQL server on a folder. All processes that use the folder share it.

    The first process that calls `start` starts the server, and the last one that calls `stop` stops it. A
    process that was killed no longer counts. The data stay. The methods block and raise
    EmbeddedPostgresError. `with EmbeddedPostgres(folder) as addresses:` does both.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """`durable=False` is for tests: such a server may lose its data when the machine crashes."""
        self._folder = folder.resolve()
        self._durable = durable
        self._use: _Use | None = None

    def start(self) -> DatabaseAddresses:
        """Start the server, or use the one that runs. Further calls return the same addresses."""
        # A forked child inherits the object, but has not started anything itself.
        if self._use is None or self._use.process != os.getpid():
            try:
                self._use = self._begin()
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"The database folder {self._folder} is not usable: {error}"
                ) from error
            atexit.register(self.stop)
        return self._use.addresses

    def stop(self) -> None:
        """Stop using the server. It stops if nobody else uses it. Without `start` before, nothing happens."""
        use, self._use = self._use, None
        if use is None or use.process != os.getpid():
            return
        atexit.unregister(self.stop)
        try:
            with self._locked():
                if use.users.leave():
                    use.cluster.shut_down()
        except FileNotFoundError:
            # Somebody removed the folder. The server notices that itself and stops.
            use.users.leave()

    def is_running(self) -> bool:
        """Whether the server still runs, or one that another process has started in its place."""
        return self._use is not None and find_postmaster(self._use.cluster.data) is not None

    def start_again(self) -> None:
        """Start the server again after it died, at the same addresses. If its data are lost, no empty ones
        are made."""
        use = self._use
        if use is None:
            return
        try:
            with self._locked():
                if not use.cluster.data.exists():
                    raise EmbeddedPostgresError(f"The database's data are gone: {use.cluster.data}")
                _ = self._join(use.cluster, load_credentials(self._secrets)) or self._launch(use.cluster)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The database folder {self._folder} is not usable: {error}"
            ) from error

    def __enter__(self) -> DatabaseAddresses:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _locked(self) -> AbstractContextManager[int]:
        path = self._folder / "postgres.lock"
        trouble = f"Another process that starts or stops the database hangs: it holds {path}."
        return exclusive_lock(path, seconds=LOCK_SECONDS, trouble=trouble)

    @property
    def _secrets(self) -> Path:
        return self._folder / "postgres.json"

    def _begin(self) -> _Use:
        make_folder(self._folder)
        with self._locked():
            account = choose_account(self._folder, self._folder / "postgres" / "data")
            home = open_home(self._folder, account)
            cluster = Cluster(home, find_programs(home, account))
            addresses = self._join(cluster, load_credentials(self._secrets)) or self._launch(cluster)
            return _Use(os.getpid(), cluster, UsersLock(self._folder / "postgres.users"), addresses)

    def _join(self, cluster: Cluster, credentials: Credentials | None) -> DatabaseAddresses | None:
        """The addresses of the server that runs, or None. A server that cannot be reached is stopped."""
        began = time.monotonic()
        while (postmaster := find_postmaster(cluster.data)) is not None:
            waited = time.monotonic() - began
            if credentials is None:
                cluster.shut_down()
                return None
            try:
                prepare_database(postmaster.socket_folder, credentials)
                return credentials.addresses(postmaster.socket_folder)
            except ServerBusyError:
                if waited > START_SECONDS:
                    raise
            except ServerRefusedError:
                if waited > ANSWER_SECONDS:
                    cluster.shut_down()
            time.sleep(0.05)
        return None

    def _launch(self, cluster: Cluster) -> DatabaseAddresses:
        if not cluster.data.exists():
            self._secrets.unlink(missing_ok=True)
            cluster.create(durable=self._durable)
        cluster.check_version()
        with cluster.alone() as lock:
            credentials = load_credentials(self._secrets)
            if credentials is None:
                credentials = new_credentials()
                cluster.set_owner_password(credentials.owner_password)
                save_credentials(self._secrets, credentials)
            socket_folder = open_socket_folder(self._folder, credentials.cluster, cluster.programs.account)
            try:
                cluster.launch(socket_folder, lock, durable=self._durable)
                prepare_database(socket_folder, credentials)
            except BaseException:
                cluster.shut_down()
                raise
        return credentials.addresses(socket_folder)
