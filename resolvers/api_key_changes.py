"""What changes API keys."""

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from authz.builtin_roles import BuiltinRole
from authz.delegation import RoleGrant, role_to_give
from authz.guard import Authorized, authorize
from authz.permissions import Permission, mask_of
from authz.principals import Principal
from authz.refusals import NotFound, Refusal, RefusalCode
from authz.tokens import Digest, TokenKind, digest_of, generate
from models.api_keys import api_keys
from models.identifiers import AccountId, ApiKeyId, Kind, new_id, present
from resolvers.events import EventKind, record
from resolvers.moments import check_future
from resolvers.texts import short_text


@dataclass(frozen=True)
class ApiKeySecret:
    """A key and its secret, which is told this once."""

    account: Authorized
    api_key_id: ApiKeyId
    secret: str


@dataclass(frozen=True)
class ApiKeyCreation:
    """`permissions` narrow the role; None leaves it as it is."""

    account_id: AccountId
    name: str
    role_id: uuid.UUID
    permissions: frozenset[Permission] | None
    expires_at: datetime.datetime | None


async def create_api_key(
    session: AsyncSession, principal: Principal, command: ApiKeyCreation
) -> ApiKeySecret:
    """Make a key (R15). Needs API_KEYS_WRITE; gives no more than the maker holds (N19)."""
    account = await authorize(session, principal, command.account_id, Permission.API_KEYS_WRITE)
    role = await role_to_give(session, account, command.role_id)
    if role.id == BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "An API key cannot be an owner.", "roleId")
    if command.expires_at is not None:
        check_future(command.expires_at, "expiresAt")
    scopes = _scopes(role, command.permissions)
    name = short_text(command.name, "name")
    return await add_api_key(session, principal, account, NewApiKey(name, role, scopes, command.expires_at))


def _scopes(role: RoleGrant, permissions: frozenset[Permission] | None) -> int | None:
    if permissions is None:
        return None
    missing = [p.name for p in permissions if not (role.mask | role.below_mask) & p.bit]
    if missing:
        message = f"{role.name} does not give {', '.join(sorted(missing))}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "permissions")
    return mask_of(permissions)


@dataclass(frozen=True)
class NewApiKey:
    """A key whose role the principal was found to hold. `scopes` None: all that the role gives."""

    name: str
    role: RoleGrant
    scopes: int | None = None
    expires_at: datetime.datetime | None = None


async def add_api_key(
    session: AsyncSession, principal: Principal, account: Authorized, key: NewApiKey
) -> ApiKeySecret:
    """Write the key and its event."""
    secret = generate(TokenKind.API_KEY)
    key_id = ApiKeyId(new_id())
    everything = key.role.mask | key.role.below_mask
    await session.execute(
        insert(api_keys).values(
            master_id=account.master_id,
            account_id=account.account_id,
            id=key_id,
            name=key.name,
            digest=digest_of(secret),
            last_four=secret[-4:],
            role_id=key.role.id,
            scopes=everything if key.scopes is None else key.scopes,
            creator_user_id=principal.user_id,
            creator_api_key_id=principal.api_key_id,
            expires_at=key.expires_at,
        )
    )
    after = {"name": key.name, "role": key.role.name}
    subject_id = present(Kind.API_KEY, key_id)
    await record(session, principal, account, EventKind.API_KEY_CREATED, subject_id, None, dict(after))
    return ApiKeySecret(account, key_id, secret)


async def rotate_api_key(session: AsyncSession, principal: Principal, api_key_id: ApiKeyId) -> ApiKeySecret:
    """Give the key a new secret; the old one stops working at once. Needs API_KEYS_WRITE and, as whoever
    gets the secret gets the key's rights, all that its role gives."""
    account, key = await _key(session, principal, api_key_id)
    await role_to_give(session, account, key.role_id, "apiKeyId")
    if key.revoked_at is not None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "The key is revoked.", "apiKeyId")
    secret = generate(TokenKind.API_KEY)
    await _write(session, account, api_key_id, {"digest": digest_of(secret), "last_four": secret[-4:]})
    await _log(session, principal, account, EventKind.API_KEY_ROTATED, key)
    return ApiKeySecret(account, api_key_id, secret)


async def revoke_api_key(session: AsyncSession, principal: Principal, api_key_id: ApiKeyId) -> Authorized:
    """Stop the key from working, from the next request on. Needs API_KEYS_WRITE."""
    account, key = await _key(session, principal, api_key_id)
    if key.revoked_at is None:
        await _write(session, account, api_key_id, {"revoked_at": func.now()})
        await _log(session, principal, account, EventKind.API_KEY_REVOKED, key)
    return account


async def note_use(session: AsyncSession, token_digest: Digest) -> None:
    """Remember when the key with the secret was last used, to the minute."""
    minute = func.date_trunc("minute", func.now())
    stale = api_keys.c.last_used_at.is_(None) | (api_keys.c.last_used_at < minute)
    await session.execute(
        update(api_keys).where(api_keys.c.digest == token_digest, stale).values(last_used_at=minute)
    )


async def _key(
    session: AsyncSession, principal: Principal, api_key_id: ApiKeyId
) -> tuple[Authorized, Row[*tuple[object, ...]]]:
    account_id = select(api_keys.c.account_id).where(api_keys.c.id == api_key_id).scalar_subquery()
    account = await authorize(session, principal, account_id, Permission.API_KEYS_WRITE)
    statement = select(api_keys).where(api_keys.c.master_id == account.master_id, api_keys.c.id == api_key_id)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("apiKeyId")
    return account, row


async def _write(
    session: AsyncSession, account: Authorized, api_key_id: ApiKeyId, values: dict[str, object]
) -> None:
    await session.execute(
        update(api_keys)
        .where(api_keys.c.master_id == account.master_id, api_keys.c.id == api_key_id)
        .values(**values)
    )


async def _log(
    session: AsyncSession,
    principal: Principal,
    account: Authorized,
    kind: EventKind,
    key: Row[*tuple[object, ...]],
) -> None:
    subject_id = present(Kind.API_KEY, key.id)
    await record(session, principal, account, kind, subject_id, {"name": key.name}, None)
