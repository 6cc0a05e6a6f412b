"""The account of the operating system that PostgreSQL runs as. PostgreSQL refuses to run as root."""

import os
import pwd
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.embedded_postgres.errors import EmbeddedPostgresError


@dataclass(frozen=True)
class ServerAccount:
    """The ids of the account that owns the data and runs the server."""

    user: int
    group: int

    @property
    def is_another(self) -> bool:
        """Whether this process is root, so that programs have to change their user before they run."""
        return self.user != os.geteuid()

    def may_enter(self, folder: Path) -> bool:
        """Whether the account can enter the folder and all folders above it."""
        resolved = folder.resolve()
        return not self.is_another or all(self._may_pass(part) for part in (resolved, *resolved.parents))

    def own(self, path: Path) -> None:
        """Make the account the owner of a file or folder that this process has just created."""
        if self.is_another:
            os.chown(path, self.user, self.group, follow_symlinks=False)

    def _may_pass(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.user:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.group:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def choose_account(folder: Path, data: Path) -> ServerAccount:
    """The account that runs the server of this folder.

    It is the account of this process, unless that is root. Root takes the first of these that there is: the
    owner of the data, the owner of the folder, the system's account `postgres`, `nobody`. No account is
    created.
    """
    if os.geteuid() != 0:
        return ServerAccount(os.geteuid(), os.getegid())
    if data.exists() and data.stat().st_uid != 0:
        return ServerAccount(data.stat().st_uid, data.stat().st_gid)
    choices: tuple[Callable[[], pwd.struct_passwd], ...] = (
        lambda: pwd.getpwuid(folder.stat().st_uid),
        lambda: pwd.getpwnam("postgres"),
        lambda: pwd.getpwnam("nobody"),
    )
    for choice in choices:
        try:
            entry = choice()
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServerAccount(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL refuses to run as root, and this machine has no account postgres or nobody to run it as: "
        "start as an ordinary user, or set DATABASE_URL to use another PostgreSQL."
    )
