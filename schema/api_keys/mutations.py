"""What makes, rotates and revokes API keys. What else changes them is in `api_key_updates`."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Credentials
from authz.callers.tokens import digest_of
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.api_keys.tables import ApiKeyPurpose, WhenMakerLosesAccess
from models.base.ids import AccountId, ApiKeyId, Kind
from resolvers.api_keys import create as writes
from resolvers.api_keys import reads as api_keys
from resolvers.effects.attempts import Limit
from resolvers.inputs.global_ids import required
from schema.api_keys.types import ApiKey
from schema.fields.access_changes import dry_run
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import AccessPayload, payload
from schema.fields.writes import needs, perform

_WINDOW = datetime.timedelta(minutes=10)
_KEYS_OF_A_PRINCIPAL = 100
IP_RANGES_DESCRIPTION = (
    "The network addresses that it works from, such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32, at most 50."
)


@strawberry.input(description="A key for a program that acts for the account.")
class ApiKeyCreateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    name: str = strawberry.field(description="What it is used for: 1 to 200 characters.")
    role_id: strawberry.ID = strawberry.field(description="See `Account.roles`; not OWNER.")
    permissions: list[Permission] | None = strawberry.field(
        default=None, description="Narrow the role to these; left out: all that the role gives."
    )
    expires_at: datetime.datetime | None = strawberry.field(
        default=None, description="When the key stops working by itself; left out: never."
    )
    purpose: ApiKeyPurpose | None = strawberry.field(
        default=None, description="The stream that it is for, for good (R7); left out: both."
    )
    ip_ranges: list[str] = strawberry.field(
        default_factory=list, description=IP_RANGES_DESCRIPTION + " Empty: it works from anywhere."
    )
    when_maker_loses_access: WhenMakerLosesAccess = strawberry.field(
        default=WhenMakerLosesAccess.KEEP,
        description="What becomes of it once you could not make it any more.",
    )
    dry_run: bool = dry_run()


@strawberry.input(description="Which key to revoke or to adopt.")
class ApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description="The API key.")
    dry_run: bool = dry_run()


@strawberry.input(description="Which key to rotate, and how.")
class ApiKeyRotateInput:
    api_key_id: strawberry.ID = strawberry.field(description="The API key.")
    overlap_minutes: int = strawberry.field(
        default=0, description="For how long the old secret works on: 0 to 10080, which is seven days."
    )
    dry_run: bool = dry_run()


@entity(None, carries={"api_key_id": Uuid()})
class ApiKeyPayload(AccessPayload):
    """An API key that was made or changed."""

    api_key: ApiKey | None = to_one(api_keys.of_result, description="The key.")
    secret: str | None = strawberry.field(
        default=None, description="The new secret, told this once; null where none was made."
    )


@strawberry.type
class ApiKeyMutation:
    @strawberry.mutation(
        directives=needs(Permission.API_KEYS_WRITE),
        description="Make an API key. You must hold all that its role gives; where `Account.apiKeyCreation` "
        "is MASTER_ONLY, you must hold API_KEYS_WRITE from the master account.",
    )
    async def api_key_create(self, info: ContextInfo, input: ApiKeyCreateInput) -> ApiKeyPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> ApiKeyPayload:
            command = writes.ApiKeyCreation(
                AccountId(required(Kind.ACCOUNT, input.account_id, "accountId")),
                input.name,
                required(Kind.ROLE, input.role_id, "roleId"),
                None if input.permissions is None else frozenset(input.permissions),
                input.expires_at,
                input.purpose,
                tuple(input.ip_ranges),
                input.when_maker_loses_access,
            )
            made = await writes.create_api_key(session, principal, command)
            return payload(ApiKeyPayload, api_key_id=made.api_key_id, secret=made.secret)

        limit = Limit(f"keys of {principal.id}", _KEYS_OF_A_PRINCIPAL, _WINDOW)
        return await perform(info, ApiKeyPayload, write, [limit], dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.API_KEYS_WRITE),
        description="Stop a key from working, from the next request on.",
    )
    async def api_key_revoke(self, info: ContextInfo, input: ApiKeyInput) -> ApiKeyPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> ApiKeyPayload:
            api_key_id = api_key_id_of(input.api_key_id)
            await writes.revoke_api_key(session, principal, api_key_id)
            return payload(ApiKeyPayload, api_key_id=api_key_id, secret=None)

        return await perform(info, ApiKeyPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.API_KEYS_WRITE),
        description="Give a key a new secret. The old one stops at once, or after the overlap that you ask "
        "for; an older one always stops.",
    )
    async def api_key_rotate(self, info: ContextInfo, input: ApiKeyRotateInput) -> ApiKeyPayload:
        principal = principal_of(info)
        overlap = datetime.timedelta(minutes=input.overlap_minutes)

        async def write(session: WriteSession) -> ApiKeyPayload:
            made = await writes.rotate_api_key(session, principal, api_key_id_of(input.api_key_id), overlap)
            return payload(ApiKeyPayload, api_key_id=made.api_key_id, secret=made.secret)

        def as_rotated(done: ApiKeyPayload) -> Credentials:
            """A key that gave itself a new secret is known by that one now."""
            asked = info.context.credentials
            rotated_itself = principal.api_key_id == api_key_id_of(input.api_key_id)
            return asked._replace(digest=digest_of(done.secret or "")) if rotated_itself else asked

        return await perform(info, ApiKeyPayload, write, reads_as=as_rotated, dry_run=input.dry_run)


def api_key_id_of(text: str) -> ApiKeyId:
    """The key that an input names. Raises NotFound."""
    return ApiKeyId(required(Kind.API_KEY, text, "apiKeyId"))
