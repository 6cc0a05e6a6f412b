"""API keys."""

import datetime

import strawberry
from sqlalchemy import Text

from authz.policy.permissions import Permission
from authz.reach.key_makers import GhostReason
from engine.declare.codecs import enum_of, global_id, mask_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from models.api_keys.tables import ApiKeyPurpose, WhenMakerLosesAccess, api_keys
from models.base.ids import Kind
from resolvers.api_keys import ghosts, reads
from resolvers.narrowed_tokens import reads as narrowed_tokens
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.narrowed_tokens.types import NarrowedToken
from schema.people.types import User
from schema.roles.types import Role


@entity(api_keys, requires=Permission.API_KEYS_READ)
class ApiKey(Node):
    """A program that acts for one account, and below it as far as its role allows. Its secret is returned
    only when it is created or rotated. A key can always see itself."""

    id: strawberry.ID = column(codec=global_id(Kind.API_KEY), description=ID_DESCRIPTION)
    name: str = column(description="What the key is used for.")
    last_four: str = column(description="The last four characters of its secret.")
    role: Role = to_one(reads.role_of)
    purpose: ApiKeyPurpose | None = column(
        codec=enum_of(ApiKeyPurpose),
        description="The stream that the key is limited to; null for both streams.",
    )
    is_test: bool = column(
        description="Whether it is for tests: what `messageSend` sends with it is delivered to nobody, and "
        "costs nothing."
    )
    permissions: list[Permission] = computed(reads.permissions_of, codec=mask_of(Permission))
    account: AccountRef | None = to_one(reads.account_of)
    ip_ranges: list[str] = computed(reads.ip_ranges_of)
    created_by: User | None = to_one(reads.creator_of)
    adopted_by: User | None = to_one(reads.adopter_of)
    when_maker_loses_access: WhenMakerLosesAccess = column(
        codec=enum_of(WhenMakerLosesAccess),
        description="What happens to the key when the person responsible for it, who created or adopted it, "
        "could not create it any more.",
    )
    narrowed_tokens: Connection[NarrowedToken] = connection(
        narrowed_tokens.of_key, order=narrowed_tokens.BY_ID
    )
    created_at: datetime.datetime = column(description="When it was created.")
    last_used_at: datetime.datetime | None = column(description="When it was last used, to the minute.")
    expires_at: datetime.datetime | None = column(description="When it expires; null if it does not.")
    previous_secret_expires_at: datetime.datetime | None = computed(reads.previous_secret_expires_at)
    version: int = column(
        description="Increases with every change, but not with use. Send it as `expectedVersion`."
    )
    revoked_at: datetime.datetime | None = column(description="When it was revoked.")


@entity(api_keys, carries={"reason": Text()}, requires=Permission.API_KEYS_READ)
class Ghost:
    """An API key whose creator, or the last person who rotated it, could not create it any more.
    `apiKeyAdopt` makes somebody else responsible for it, `apiKeyRotate` gives it a new secret, and
    `apiKeyRevoke` ends it."""

    api_key: ApiKey = to_one(ghosts.key_of)
    reason: GhostReason = column(
        codec=enum_of(GhostReason),
        description="What changed for its creator, or for the person who rotated it.",
    )
