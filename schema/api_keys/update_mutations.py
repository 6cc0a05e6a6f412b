"""What changes an API key that exists."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from resolvers.api_keys import update as writes
from schema.api_keys.mutations import IP_RANGES_DESCRIPTION, ApiKeyInput, ApiKeyPayload, api_key_id_of
from schema.fields.access_changes import dry_run
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import payload
from schema.fields.updates import converted, expected_version, given, given_value, may_stay
from schema.fields.writes import needs, perform


@strawberry.input(description="Which key to change, and its new values. What is left out stays.")
class ApiKeyUpdateInput:
    api_key_id: strawberry.ID = strawberry.field(description="The API key.")
    expected_version: int = expected_version()
    name: str | None = may_stay("1 to 200 characters.")
    permissions: list[Permission] | None = may_stay(
        "All that it shall hold, of what its role gives; null: all that its role gives."
    )
    ip_ranges: list[str] | None = may_stay(
        IP_RANGES_DESCRIPTION + " Null or an empty list: it works from anywhere."
    )
    expires_at: datetime.datetime | None = may_stay("When it stops working by itself; null: never.")
    dry_run: bool = dry_run()


@strawberry.type
class ApiKeyUpdateMutation:
    @strawberry.mutation(
        directives=needs(Permission.API_KEYS_WRITE),
        description="Change a key's settings. You must be able to make such a key.",
    )
    async def api_key_update(self, info: ContextInfo, input: ApiKeyUpdateInput) -> ApiKeyPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> ApiKeyPayload:
            command = writes.ApiKeyUpdate(
                api_key_id=api_key_id_of(input.api_key_id),
                expected_version=input.expected_version,
                name=given_value(input.name, "name"),
                permissions=converted(given(input.permissions), _set),
                ip_ranges=converted(given(input.ip_ranges), lambda ranges: tuple(ranges or ())),
                expires_at=given(input.expires_at),
            )
            await writes.update_api_key(session, principal, command)
            return payload(ApiKeyPayload, api_key_id=command.api_key_id, secret=None)

        return await perform(info, ApiKeyPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.API_KEYS_WRITE),
        description="Become the person who answers for a key, in its maker's place. You must be able to make "
        "such a key; an API key adopts none.",
    )
    async def api_key_adopt(self, info: ContextInfo, input: ApiKeyInput) -> ApiKeyPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> ApiKeyPayload:
            api_key_id = api_key_id_of(input.api_key_id)
            await writes.adopt_api_key(session, principal, api_key_id)
            return payload(ApiKeyPayload, api_key_id=api_key_id, secret=None)

        return await perform(info, ApiKeyPayload, write, dry_run=input.dry_run)


def _set(permissions: list[Permission] | None) -> frozenset[Permission] | None:
    return None if permissions is None else frozenset(permissions)
