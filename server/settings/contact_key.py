"""The deployment's key for hashes of contacts."""

import secrets
from functools import cache

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.address_digests import ContactKey, KeySource
from server.settings.made_once import made_once
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
        return ContactKey(made_once(settings.folder / _FILE, secrets.token_bytes(_SIZE)))

    return key
