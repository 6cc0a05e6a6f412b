"""What outlived the rights of who made it."""

from sqlalchemy import Text

from authz.makers import GhostReason
from authz.permissions import Permission
from engine.codecs import enum_of
from engine.declarations import column, entity, to_one
from models.api_keys import api_keys
from resolvers import ghosts as reads
from schema.api_keys import ApiKey


@entity(api_keys, carries={"reason": Text()}, requires=Permission.API_KEYS_READ)
class Ghost:
    """An API key whose maker could not make it any more, or that somebody rotated who could not any more.
    `apiKeyAdopt` gives it another maker, `apiKeyRotate` another secret, `apiKeyRevoke` ends it."""

    api_key: ApiKey = to_one(reads.key_of)
    reason: GhostReason = column(
        codec=enum_of(GhostReason), description="What became of its maker, or of who rotated it."
    )
