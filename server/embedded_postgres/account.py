"""The operating system's account that postgres runs as: it refuses to run as root."""

import os
import pwd
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.embedded_postgres.errors import EmbeddedPostgresError


@dataclass(frozen=True)
class ServerAccount:
    """Ids of the account that owns the data and runs the server."""

    user: int
    group: int

    @property
    def is_another(self) -> bool:
        """Whether programs must change their user before they run (we are root)."""
        return self.user != os.geteuid()

    def may_enter(self, folder: Path) -> bool:
        """Whether the account can reach the folder: it and all of its parents are open to it."""
        resolved = folder.resolve()
        return not self.is_another or all(self._may_pass(part) for part in (resolved, *resolved.parents))

    def own(self, path: Path) -> None:
        """Make the account the owner of a file or folder that we just created."""
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
    """The account for the server of this folder.

    Ourselves, unless we are root. Root takes the owner of the data, else the person whose folder it is,
    else the system's `postgres`, else `nobody`. No account is ever created.
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
