"""Updating an API key: its settings, and who answers for it."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authz.callers.principals import Principal
from authz.guards.delegation import RoleGrant, role_to_give
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.key_creation import check_key_creation
from authz.policy.permissions import Permission, permissions_in
from authz.policy.refusals import Refusal, RefusalCode, VersionConflict
from engine.writes.sessions import WriteSession
from models.api_keys.tables import ApiKeyPurpose, api_keys
from models.base.ids import ApiKeyId, Kind, UserId, present
from resolvers.api_keys.scopes import scopes_of
from resolvers.api_keys.store import (
    KeyRow,
    check_not_expired,
    check_not_revoked,
    locked_key,
    log_key,
    write_key,
)
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from resolvers.inputs.ip_ranges import ip_ranges, narrow_to
from resolvers.inputs.moments import check_future, ends_no_later, moved_end
from resolvers.inputs.text import name_of_rights
from resolvers.inputs.unchanged import UNCHANGED, Unchanged


@dataclass(frozen=True)
class ApiKeyUpdate:
    """The new values. `permissions` None: all that the role gives. No `ip_ranges`: any address. `expires_at`
    None: it never ends."""

    api_key_id: ApiKeyId
    expected_version: int
    name: str | Unchanged = UNCHANGED
    permissions: frozenset[Permission] | Unchanged | None = UNCHANGED
    ip_ranges: tuple[str, ...] | Unchanged = UNCHANGED
    expires_at: datetime.datetime | Unchanged | None = UNCHANGED


async def update_api_key(session: WriteSession, principal: Principal, command: ApiKeyUpdate) -> Authorized:
    """Change a key's settings.

    Whoever knows the secret gains by a wider setting, so that this needs what creating the key needs:
    API_KEYS_WRITE, in the master account where keys are created there alone, and all that its role gives. An
    update that only narrows permissions, ranges and time is allowed in any status. Raises VersionConflict,
    FAILED_PRECONDITION for a revoked key, BAD_USER_INPUT.
    """
    until = moved_end(api_keys.c.expires_at, command.expires_at)
    account, key = await locked_key(session, principal, command.api_key_id, WriteKind.TAKES_AWAY, until)
    role = await _check_makeable(session, principal, account, key)
    if key.version != command.expected_version:
        raise VersionConflict(key.version)
    values = _new_values(command, key, role)
    changed = {name: value for name, value in values.items() if key._mapping[name] != value}
    if not all(_NARROWS[name](value, key._mapping[name]) for name, value in changed.items()):
        account.check_changeable()
    if changed:
        await write_key(session, key, changed)
        before = _shown({name: key._mapping[name] for name in changed})
        await log_key(session, principal, account, EventType.API_KEY_UPDATED, key, before, _shown(changed))
    return account


async def adopt_api_key(session: WriteSession, principal: Principal, api_key_id: ApiKeyId) -> Authorized:
    """Make the caller answer for the key in its creator's place (T6). Needs what creating the key needs.

    Raises PERSON_REQUIRED, because two keys that adopted each other would stay alive without any person; and
    FAILED_PRECONDITION for a key that is revoked or has expired.
    """
    account, key = await locked_key(session, principal, api_key_id)
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    await _check_makeable(session, principal, account, key)
    check_not_expired(key)
    adopter = present(Kind.USER, principal.user_id)
    before = _creator(key)
    if before != adopter:
        await write_key(session, key, {"adopter_user_id": principal.user_id})
        change: tuple[Change, Change] = {"maker": before}, {"maker": adopter}
        await log_key(session, principal, account, EventType.API_KEY_ADOPTED, key, *change)
    return account


async def _check_makeable(
    session: WriteSession, principal: Principal, account: Authorized, key: KeyRow
) -> RoleGrant:
    """Raise what creating such a key raises, and what changing a revoked one raises. Returns the key's
    role."""
    await check_key_creation(session, principal, account, key.expires_at)
    role = await role_to_give(session, account, key.role_id, "apiKeyId")
    check_not_revoked(key)
    return role


def _new_values(command: ApiKeyUpdate, key: KeyRow, role: RoleGrant) -> dict[str, object]:
    values: dict[str, object] = {}
    if command.name is not UNCHANGED:
        values["name"] = name_of_rights(command.name, "name")
    if command.permissions is not UNCHANGED:
        purpose = None if key.purpose is None else ApiKeyPurpose(key.purpose)
        values["scopes"] = scopes_of(role, command.permissions, purpose)
    if command.ip_ranges is not UNCHANGED:
        values["ip_ranges"] = ip_ranges(command.ip_ranges, "ipRanges")
    if command.expires_at is not UNCHANGED:
        if command.expires_at is not None:
            check_future(command.expires_at, "expiresAt")
        values["expires_at"] = command.expires_at
    return values


_NARROWS: dict[str, Callable[[Any, Any], bool]] = {
    "name": lambda new, old: False,
    "scopes": lambda new, old: not new & ~old,
    "ip_ranges": narrow_to,
    "expires_at": ends_no_later,
}
"""Whether a new value gives the key nothing that the old one did not."""


def _shown(values: dict[str, object]) -> Change:
    """The values as the log shows them."""
    found: Change = {}
    for name, value in values.items():
        match value:
            case list():
                found[name] = [str(item) for item in value]
            case datetime.datetime():
                found[name] = value.astimezone(datetime.UTC).isoformat()
            case int():
                found["permissions"] = [permission.name for permission in permissions_in(value)]
            case str() | None:
                found[name] = value
    return found


def _creator(key: KeyRow) -> str | None:
    user_id: UserId | None = key.adopter_user_id or key.creator_user_id
    if user_id is not None:
        return present(Kind.USER, user_id)
    return None if key.creator_api_key_id is None else present(Kind.API_KEY, key.creator_api_key_id)
