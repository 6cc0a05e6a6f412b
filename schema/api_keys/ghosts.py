"""What outlived the rights of who made it."""

from sqlalchemy import Text

from authz.policy.permissions import Permission
from authz.reach.key_makers import GhostReason
from engine.declare.codecs import enum_of
from engine.declare.declarations import column, entity, to_one
from models.api_keys.tables import api_keys
from resolvers.api_keys import ghosts as reads
from schema.api_keys.types import ApiKey


@entity(api_keys, carries={"reason": Text()}, requires=Permission.API_KEYS_READ)
class Ghost:
    """An API key whose maker could not make it any more, or that somebody rotated who could not any more.
    `apiKeyAdopt` gives it another maker, `apiKeyRotate` another secret, `apiKeyRevoke` ends it."""

    api_key: ApiKey = to_one(reads.key_of)
    reason: GhostReason = column(
        codec=enum_of(GhostReason), description="What became of its maker, or of who rotated it."
    )
