"""Secrets that are made beside the embedded PostgreSQL."""

import os
from contextlib import suppress
from pathlib import Path


def made_once(path: Path, secret: bytes) -> bytes:
    """What is in the file, which nobody else may read. A file that is missing gets the secret. If several
    processes try at once, one makes it."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(secret)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_bytes()
