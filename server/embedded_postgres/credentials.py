"""Passwords of the embedded database, and the addresses made of them."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import quote

from server.embedded_postgres.folders import give_to_owner

DATABASE = "mandant"
OWNER = "mandant_owner"
APPLICATION = "mandant_application"


@dataclass(frozen=True)
class DatabaseAddresses:
    """URLs for asyncpg. With the scheme `postgresql+asyncpg` they work for SQLAlchemy too."""

    owner: str
    """The superuser `mandant_owner`, for migrations."""
    application: str
    """The role `mandant_application`. It can log in and owns nothing."""


@dataclass(frozen=True)
class Credentials:
    """The secrets of one database cluster: random letters and digits."""

    cluster: str
    owner_password: str
    application_password: str

    def addresses(self, socket_folder: Path) -> DatabaseAddresses:
        """The addresses of the database behind the socket in this folder."""
        return DatabaseAddresses(
            owner=_address(OWNER, self.owner_password, socket_folder),
            application=_address(APPLICATION, self.application_password, socket_folder),
        )


def _address(role: str, password: str, socket_folder: Path) -> str:
    # The port is named because a PGPORT in the environment would otherwise choose another socket.
    return f"postgresql://{role}:{password}@/{DATABASE}?host={quote(str(socket_folder))}&port=5432"


def new_credentials() -> Credentials:
    """New random secrets."""
    return Credentials(secrets.token_hex(8), secrets.token_hex(24), secrets.token_hex(24))


def load_credentials(path: Path) -> Credentials | None:
    """The secrets in the file. None if the file is missing or damaged: then the caller makes new ones."""
    try:
        kept = json.loads(path.read_text())
        secret = [kept[field.name] for field in fields(Credentials)]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    if not all(isinstance(value, str) and value.isalnum() for value in secret):
        return None
    return Credentials(*secret)


def save_credentials(path: Path, credentials: Credentials) -> None:
    """Write the secrets into the file, which only the folder's owner can read. A failure leaves the old
    file."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(credentials), file)
        file.flush()
        os.fsync(file.fileno())
    give_to_owner(unfinished, path.parent)
    unfinished.replace(path)
