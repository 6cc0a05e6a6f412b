"""Where the files are on disk.

`folder/postgres.lock`, `postgres.users` and `postgres.json` belong to whoever owns the folder;
`folder/postgres/` (data, log) belongs to the server's account.
"""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from server.embedded_postgres.account import ServerAccount
from server.embedded_postgres.errors import EmbeddedPostgresError

# A socket's whole path fits in 104 to 108 bytes, depending on the system.
LONGEST_SOCKET_PATH = 100
SOCKET_FILE = ".s.PGSQL.5432"


def make_folder(folder: Path) -> None:
    """Create the folder if it is missing. It gets the owner of the folder above it."""
    if not folder.is_dir():
        place = next(parent for parent in folder.parents if parent.exists())
        folder.mkdir(parents=True, exist_ok=True)
        give_to_owner(folder, place)


def give_to_owner(path: Path, owned: Path) -> None:
    """Give files that root makes to the owner of the folder, so that the owner can start the server without
    root."""
    if os.geteuid() == 0:
        owner = owned.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def open_home(folder: Path, account: ServerAccount) -> Path:
    """The folder that belongs to the server's account. It is created if it is missing.

    Root starts the server as another account, which cannot enter a closed folder such as /root. This program
    does not open such a folder. `folder/postgres` is then a link to a folder elsewhere.
    """
    home = folder / "postgres"
    if account.is_another and not account.may_enter(folder):
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    if not home.is_dir():
        home.unlink(missing_ok=True)
        _make_home(home, account)
    if not account.may_enter(home):
        raise EmbeddedPostgresError(
            f"The account with id {account.user}, which root runs PostgreSQL as, cannot reach {home}: "
            "a folder above it is closed to others. Move the folder, or start as an ordinary user."
        )
    return home.resolve()


def _make_home(home: Path, account: ServerAccount) -> None:
    if account.may_enter(home.parent):
        home.mkdir(mode=0o700)
        account.own(home)
        return
    temporary = Path(tempfile.gettempdir()).resolve()
    place = temporary if home.is_relative_to(temporary) else Path("/var/lib")
    elsewhere = Path(tempfile.mkdtemp(prefix="mandant-", dir=place))
    account.own(elsewhere)
    home.symlink_to(elsewhere)


def open_socket_folder(folder: Path, cluster: str, account: ServerAccount) -> Path:
    """A private, empty folder with a short path for the server's socket. A cluster in a folder always gets
    the same one.

    Files in it are left from a dead server and are deleted: PostgreSQL would believe the lock file once
    another process has the dead server's id.
    """
    name = f"mandant-{hashlib.sha256(f'{folder}:{cluster}'.encode()).hexdigest()[:16]}"
    for place in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - the name cannot be guessed, and is checked
        path = place.resolve() / name
        if len(os.fsencode(path / SOCKET_FILE)) <= LONGEST_SOCKET_PATH and account.may_enter(place):
            path.mkdir(mode=0o700, exist_ok=True)
            status = path.lstat()
            if status.st_uid not in (account.user, os.geteuid()) or stat.S_IMODE(status.st_mode) & 0o077:
                raise EmbeddedPostgresError(f"{path} is not ours alone: remove it and start again.")
            account.own(path)
            for file in path.iterdir():
                file.unlink()
            return path
    raise EmbeddedPostgresError(
        "No temporary folder is short and open enough for a socket: set TMPDIR to one."
    )
