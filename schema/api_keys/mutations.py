"""Mutations that create, change and revoke API keys."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Credentials, Principal
from authz.callers.tokens import digest_of
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.api_keys.tables import ApiKeyPurpose, WhenMakerLosesAccess
from models.base.ids import ApiKeyId, Kind
from resolvers.api_keys import create, update
from resolvers.api_keys import reads as api_keys
from resolvers.effects.attempts import Limit
from resolvers.inputs.global_ids import required
from schema.api_keys.types import ApiKey
from schema.fields.context import ContextInfo, principal_of
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id, role_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, payload
from schema.fields.updates import converted, expected_version, given, given_value, may_stay, set_or_none
from schema.fields.writes import perform

_WINDOW = datetime.timedelta(minutes=10)
_KEYS_OF_A_PRINCIPAL = 100
_IP_RANGES = (
    "The network addresses that it accepts, such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32, at most 50."
)


@strawberry.input(description="An API key for a program that acts for the account.")
class ApiKeyCreateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    name: str = strawberry.field(description="What the key is used for: 1 to 200 characters.")
    role_id: strawberry.ID = strawberry.field(description="A role from `Account.roles`, but not OWNER.")
    permissions: list[Permission] | None = strawberry.field(
        default=None,
        description="Limits the role to these permissions, at least one. ACCOUNT_READ is always among them. "
        "Left out, the key has all permissions of its role.",
    )
    expires_at: datetime.datetime | None = strawberry.field(
        default=None, description="When the key expires. Left out, it does not expire."
    )
    purpose: ApiKeyPurpose | None = strawberry.field(
        default=None,
        description="The stream that the key is limited to; it cannot be changed later. Left out, the key "
        "is for both streams.",
    )
    ip_ranges: list[str] = strawberry.field(
        default_factory=list, description=_IP_RANGES + " Empty means any address."
    )
    when_maker_loses_access: WhenMakerLosesAccess = strawberry.field(
        default=WhenMakerLosesAccess.KEEP,
        description="What happens to the key when you could not create it any more.",
    )
    is_test: bool = strawberry.field(
        default=False,
        description="Whether what `messageSend` sends with the key is delivered to nobody, counts as no send "
        "and costs nothing. Such a key sends in no other way, and makes keys for tests alone. Everything "
        "else that it does is real. It cannot be changed later.",
    )
    dry_run: bool = dry_run()


@strawberry.input(description="The API key to revoke or adopt.")
class ApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description="The API key.")
    dry_run: bool = dry_run()


@strawberry.input(description="The API key to rotate.")
class ApiKeyRotateInput:
    api_key_id: strawberry.ID = strawberry.field(description="The API key.")
    overlap_minutes: int = strawberry.field(
        default=0,
        description="How many minutes the old secret keeps working: 0 to 10080, which is seven days.",
    )
    dry_run: bool = dry_run()


@entity(None, carries={"api_key_id": Uuid()})
class ApiKeyPayload(AccessPayload):
    """The created or changed API key."""

    api_key: ApiKey | None = to_one(api_keys.of_result, description="The key.")
    secret: str | None = strawberry.field(
        default=None, description="The new secret. It is returned only this once; null if none was created."
    )


@strawberry.input(description="The API key and its new values. Fields that are left out stay as they are.")
class ApiKeyUpdateInput:
    api_key_id: strawberry.ID = strawberry.field(description="The API key.")
    expected_version: int = expected_version()
    name: str | None = may_stay("1 to 200 characters.")
    permissions: list[Permission] | None = may_stay(
        "All permissions that the key shall have, at least one, out of those of its role; null for all of "
        "them. ACCOUNT_READ is always among them."
    )
    ip_ranges: list[str] | None = may_stay(_IP_RANGES + " Null or an empty list means any address.")
    expires_at: datetime.datetime | None = may_stay("When it expires; null if it shall not.")
    dry_run: bool = dry_run()


def _keys_of(principal: Principal) -> list[Limit]:
    return [Limit(subject=f"keys of {principal.id}", most=_KEYS_OF_A_PRINCIPAL, window=_WINDOW)]


@strawberry.type
class ApiKeyMutation:
    @mutation(
        needs(Permission.API_KEYS_WRITE),
        limits=_keys_of,
    )
    async def api_key_create(
        self, session: WriteSession, principal: Principal, input: ApiKeyCreateInput
    ) -> ApiKeyPayload:
        """Create an API key. You must have every permission of its role. If `Account.apiKeyCreation` is
        MASTER_ONLY, you must have API_KEYS_WRITE through the master account."""
        command = create.ApiKeyCreation(
            account_id=account_id(input.account_id),
            name=input.name,
            role_id=role_id(input.role_id),
            permissions=set_or_none(input.permissions),
            expires_at=input.expires_at,
            purpose=input.purpose,
            ip_ranges=tuple(input.ip_ranges),
            when_maker_loses_access=input.when_maker_loses_access,
            is_test=input.is_test,
        )
        made = await create.create_api_key(session, principal, command)
        return payload(ApiKeyPayload, api_key_id=made.api_key_id, secret=made.secret)

    @mutation(needs(Permission.API_KEYS_WRITE))
    async def api_key_revoke(
        self, session: WriteSession, principal: Principal, input: ApiKeyInput
    ) -> ApiKeyPayload:
        """Revoke an API key, with effect from the next request."""
        api_key_id = _api_key_id(input.api_key_id)
        await create.revoke_api_key(session, principal, api_key_id)
        return payload(ApiKeyPayload, api_key_id=api_key_id, secret=None)

    @strawberry.mutation(
        directives=needs(Permission.API_KEYS_WRITE),
        description="Give an API key a new secret. The current secret stops at once, or after the overlap "
        "that you choose; a secret from an earlier rotation always stops at once.",
    )
    async def api_key_rotate(self, info: ContextInfo, input: ApiKeyRotateInput) -> ApiKeyPayload:
        principal = principal_of(info)
        overlap = datetime.timedelta(minutes=input.overlap_minutes)

        async def write(session: WriteSession) -> ApiKeyPayload:
            made = await create.rotate_api_key(session, principal, _api_key_id(input.api_key_id), overlap)
            return payload(ApiKeyPayload, api_key_id=made.api_key_id, secret=made.secret)

        def as_rotated(done: ApiKeyPayload) -> Credentials:
            """A key that rotated itself is identified by its new secret from now on."""
            asked = info.context.credentials
            rotated_itself = principal.api_key_id == _api_key_id(input.api_key_id)
            return asked._replace(digest=digest_of(done.secret or "")) if rotated_itself else asked

        return await perform(info, ApiKeyPayload, write, reads_as=as_rotated, dry_run=input.dry_run)

    @mutation(needs(Permission.API_KEYS_WRITE))
    async def api_key_update(
        self, session: WriteSession, principal: Principal, input: ApiKeyUpdateInput
    ) -> ApiKeyPayload:
        """Change an API key's settings. You must be able to create such a key."""
        command = update.ApiKeyUpdate(
            api_key_id=_api_key_id(input.api_key_id),
            expected_version=input.expected_version,
            name=given_value(input.name, "name"),
            permissions=converted(given(input.permissions), set_or_none),
            ip_ranges=converted(given(input.ip_ranges), lambda ranges: tuple(ranges or ())),
            expires_at=given(input.expires_at),
        )
        await update.update_api_key(session, principal, command)
        return payload(ApiKeyPayload, api_key_id=command.api_key_id, secret=None)

    @mutation(needs(Permission.API_KEYS_WRITE))
    async def api_key_adopt(
        self, session: WriteSession, principal: Principal, input: ApiKeyInput
    ) -> ApiKeyPayload:
        """Take responsibility for an API key, instead of its creator. You must be able to create such a key.
        API keys cannot adopt keys."""
        api_key_id = _api_key_id(input.api_key_id)
        await update.adopt_api_key(session, principal, api_key_id)
        return payload(ApiKeyPayload, api_key_id=api_key_id, secret=None)


def _api_key_id(text: str) -> ApiKeyId:
    return ApiKeyId(required(Kind.API_KEY, text, "apiKeyId"))
