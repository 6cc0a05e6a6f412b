"""Creating, rotating and revoking API keys. `resolvers.api_keys.update` changes their settings."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ARRAY, LargeBinary, func, insert, literal, select

from authz.callers.principals import Principal
from authz.callers.tokens import Digest, TokenKind, digest_of, generate
from authz.guards.delegation import RoleGrant, role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.guards.key_creation import check_key_creation
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of
from models.api_keys.tables import ApiKeyPurpose, WhenMakerLosesAccess, api_keys
from models.base.ids import AccountId, ApiKeyId, Kind, new_id, present
from resolvers.api_keys.scopes import scopes_of
from resolvers.api_keys.store import check_works, locked_key, log_key, write_key
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record
from resolvers.inputs.ip_ranges import IpRange, ip_ranges
from resolvers.inputs.moments import check_future
from resolvers.inputs.text import name_of_rights

LONGEST_OVERLAP = datetime.timedelta(days=7)
"""How long the old secret of a rotated key may stay valid."""


@dataclass(frozen=True)
class ApiKeySecret:
    """A key and its secret, which is shown this once."""

    account: Authorized
    api_key_id: ApiKeyId
    secret: str


@dataclass(frozen=True)
class ApiKeyCreation:
    """`permissions` narrow the role; None leaves it as it is. `ip_ranges`: as clients write them; none means
    any address."""

    account_id: AccountId
    name: str
    role_id: uuid.UUID
    permissions: frozenset[Permission] | None
    expires_at: datetime.datetime | None
    purpose: ApiKeyPurpose | None = None
    ip_ranges: tuple[str, ...] = ()
    when_maker_loses_access: WhenMakerLosesAccess = WhenMakerLosesAccess.KEEP
    is_test: bool = False


async def create_api_key(
    session: WriteSession, principal: Principal, command: ApiKeyCreation
) -> ApiKeySecret:
    """Create a key (R15). Needs API_KEYS_WRITE, and all that the key gets (N19).

    Raises MASTER_ACCOUNT_REQUIRED where the tree's keys are created in its master account (R13),
    ROLE_TOO_WIDE, BAD_USER_INPUT, and FAILED_PRECONDITION for a key for tests that makes another one.
    """
    _check_test(principal, command.is_test)
    until = command.expires_at
    account = await authorize(session, principal, command.account_id, Permission.API_KEYS_WRITE, until=until)
    await check_key_creation(session, principal, account, until)
    role = await role_to_give(session, account, command.role_id)
    if role.id == BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "An API key cannot be an owner.", "roleId")
    if command.expires_at is not None:
        check_future(command.expires_at, "expiresAt")
    key = NewApiKey(
        name_of_rights(command.name, "name"),
        role,
        scopes_of(role, command.permissions, command.purpose),
        command.expires_at,
        command.purpose,
        tuple(ip_ranges(command.ip_ranges, "ipRanges")),
        command.when_maker_loses_access,
        command.is_test,
    )
    return await add_api_key(session, principal, account, key)


@dataclass(frozen=True)
class NewApiKey:
    """A new key. The principal holds all that its role gives. `scopes` None: all that the role gives."""

    name: str
    role: RoleGrant
    scopes: int | None = None
    expires_at: datetime.datetime | None = None
    purpose: ApiKeyPurpose | None = None
    ip_ranges: tuple[IpRange, ...] = ()
    when_maker_loses_access: WhenMakerLosesAccess = WhenMakerLosesAccess.KEEP
    is_test: bool = False
    id: ApiKeyId = field(default_factory=lambda: ApiKeyId(new_id()))


async def add_api_key(
    session: WriteSession, principal: Principal, account: Authorized, key: NewApiKey
) -> ApiKeySecret:
    """Write the key and its event."""
    secret = generate(_token_kind(key.is_test))
    everything = key.role.mask | key.role.below_mask
    await session.send_built(
        insert(api_keys).values(
            **columns_of(account),
            id=key.id,
            name=key.name,
            digest=digest_of(secret),
            last_four=secret[-4:],
            is_test=key.is_test,
            role_id=key.role.id,
            scopes=everything if key.scopes is None else key.scopes,
            purpose=key.purpose and key.purpose.value,
            ip_ranges=list(key.ip_ranges),
            creator_user_id=principal.user_id,
            creator_api_key_id=principal.api_key_id,
            when_maker_loses_access=key.when_maker_loses_access.value,
            expires_at=key.expires_at,
        )
    )
    subject_id = present(Kind.API_KEY, key.id)
    await record(session, principal, account, EventType.API_KEY_CREATED, subject_id, None, _creation(key))
    return ApiKeySecret(account, key.id, secret)


def _check_test(principal: Principal, is_test: bool) -> None:
    """Raise FAILED_PRECONDITION where a key for tests would learn the secret of another one."""
    if principal.credentials.is_test and not is_test:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "A key for tests makes keys for tests alone.")


def _token_kind(is_test: bool) -> TokenKind:
    return TokenKind.TEST_API_KEY if is_test else TokenKind.API_KEY


def _creation(key: NewApiKey) -> Change:
    """For the log. Restrictions appear only where the key has them."""
    after: Change = {"name": key.name, "role": key.role.name}
    if key.purpose is not None:
        after["purpose"] = key.purpose.value
    if key.ip_ranges:
        after["ip_ranges"] = [str(found) for found in key.ip_ranges]
    if key.when_maker_loses_access is not WhenMakerLosesAccess.KEEP:
        after["when_maker_loses_access"] = key.when_maker_loses_access.value
    if key.is_test:
        after["test"] = True
    return after


async def rotate_api_key(
    session: WriteSession, principal: Principal, api_key_id: ApiKeyId, overlap: datetime.timedelta
) -> ApiKeySecret:
    """Give the key a new secret. The old one stays valid until the overlap has passed; an even older one ends
    now.

    Needs API_KEYS_WRITE and all permissions of the key's role, because the caller learns the secret.

    Raises ROLE_TOO_WIDE, and BAD_USER_INPUT for an overlap out of bounds. Raises FAILED_PRECONDITION for a
    key that is revoked, has expired or has stopped: a new secret would not work. A key for tests that rotates
    another one gets the same.
    """
    if not datetime.timedelta() <= overlap <= LONGEST_OVERLAP:
        message = f"Must lie between 0 and {LONGEST_OVERLAP // datetime.timedelta(minutes=1)}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "overlapMinutes")
    account, key = await locked_key(session, principal, api_key_id)
    _check_test(principal, key.is_test)
    await role_to_give(session, account, key.role_id, "apiKeyId")
    await check_works(session, key)
    secret = generate(_token_kind(key.is_test))
    values: dict[str, object] = {"digest": digest_of(secret), "last_four": secret[-4:]}
    values |= {"previous_digest": None, "previous_expires_at": None}
    values |= {"rotator_user_id": principal.user_id, "rotator_api_key_id": principal.api_key_id}
    after: Change | None = None
    if overlap:
        values |= {"previous_digest": key.digest, "previous_expires_at": func.now() + literal(overlap)}
        after = {"overlap_minutes": overlap // datetime.timedelta(minutes=1)}
    await write_key(session, key, values)
    await log_key(session, principal, account, EventType.API_KEY_ROTATED, key, {"name": key.name}, after)
    return ApiKeySecret(account, api_key_id, secret)


async def revoke_api_key(session: WriteSession, principal: Principal, api_key_id: ApiKeyId) -> Authorized:
    """Stop the key with all its secrets from the next request on, in any status of the account. Needs
    API_KEYS_WRITE."""
    account, key = await locked_key(session, principal, api_key_id, WriteKind.TAKES_AWAY)
    if key.revoked_at is None:
        await write_key(session, key, {"revoked_at": func.now()})
        await log_key(session, principal, account, EventType.API_KEY_REVOKED, key, {"name": key.name})
    return account


async def note_uses(session: WriteSession, token_digests: Sequence[Digest]) -> None:
    """Note that the keys with these secrets were used, to the minute. An old secret counts for its key.

    The keys belong to many trees, so that a stored function writes this. It locks them in one order.
    """
    await session.execute(
        select(func.mandant_note_key_uses(literal(list(token_digests), ARRAY(LargeBinary))))
    )
