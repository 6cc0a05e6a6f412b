"""The deployment's key for hashes of contacts."""

import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.address_digests import ContactKey, KeySource
from server.settings.settings import Settings

_FILE = "contact.key"
_SIZE = 32


def key_source(settings: Settings) -> KeySource:
    """The key that is set; with the embedded PostgreSQL, else, one that is made in its folder.

    A database of one's own may be served from several machines, which must have the same key: there, without
    one that is set, nothing is sent.
    """

    @cache
    def key() -> ContactKey:
        if settings.contact_key is not None:
            return ContactKey(settings.contact_key.get_secret_value().encode())
        if settings.database_url is not None:
            raise Refusal(RefusalCode.SENDS_UNAVAILABLE)
        return ContactKey(_made_once(settings.folder / _FILE))

    return key


def _made_once(path: Path) -> bytes:
    """What is in the file; of several processes at once, one makes it."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    draft = path.with_name(f"{_FILE}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(secrets.token_bytes(_SIZE))
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_bytes()
