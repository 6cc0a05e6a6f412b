"""Callers that the measured data do not have: one for each further rule of visibility. All servers have to
follow these rules."""

import uuid
from dataclasses import dataclass

import asyncpg

from authz.callers.tokens import TokenKind, digest_of, generate
from authz.guards.parent_link import PASSING
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS, Permission
from benchmarks.data import Tree, open_session
from models.accounts.tables import ParentAccess
from models.base.ids import AccountId, new_id

_HOUR = "now() + interval '1 hour'"


@dataclass(frozen=True)
class Special:
    """A caller, and the account that its rule is about."""

    who: str
    token: str
    account_id: AccountId


async def open_special_callers(connection: asyncpg.Connection, tree: Tree, guests: Tree) -> list[Special]:
    """The callers of a tree. Guests come from another tree. The rules concern the last accounts of the
    tree."""
    shared, closed, opened, limited = tree.active_ids[-4:]
    owner = await _person(connection, tree, 0)
    async with connection.transaction():
        for account_id in (closed, opened):
            await _close_link(connection, tree, account_id)
        return [
            Special("a guest", await _guest(connection, tree, guests, shared), shared),
            Special("an owner above a closed link", tree.owner_token, closed),
            Special("who broke the glass", await _glass_breaker(connection, tree, opened), opened),
            Special("a member limited below", await _limited(connection, tree), limited),
            Special("a secret before the last rotation", await _rotated_key(connection, tree), limited),
            Special("a bound key", await _key(connection, tree, _BOUND, "'{127.0.0.0/8}'"), limited),
            Special(
                "a key that may stop", await _key(connection, tree, _STOPPING, f"'STOP', '{owner}'"), limited
            ),
        ]


async def _guest(connection: asyncpg.Connection, tree: Tree, guests: Tree, account_id: AccountId) -> str:
    """A guest with a role, without the area of members."""
    user_id, share_id = await _person(connection, guests, 3), new_id()
    await connection.execute(
        "INSERT INTO shares (master_id, id, email, email_canonical, user_id, role_id, hidden_areas, "
        "hidden_mask, digest, link_expires_at, accepted_at) "
        f"VALUES ($1, $2, 'guest', 'guest', $3, $4, '{{MEMBERS}}', $5, '\\x00', {_HOUR}, now())",
        *(tree.master_id, share_id, user_id, BuiltinRole.ADMINISTRATOR.id, Permission.MEMBERS_READ.bit),
    )
    await connection.execute(
        "INSERT INTO share_accounts (master_id, share_id, account_id) VALUES ($1, $2, $3)",
        *(tree.master_id, share_id, account_id),
    )
    return await open_session(connection, user_id)


async def _close_link(connection: asyncpg.Connection, tree: Tree, account_id: AccountId) -> None:
    mode = ParentAccess.BREAK_GLASS
    await connection.execute(
        "UPDATE accounts SET parent_access = $3 WHERE master_id = $1 AND id = $2",
        *(tree.master_id, account_id, mode.value),
    )
    await connection.execute(
        "UPDATE account_closure crossing SET passed_mask = crossing.passed_mask & $3 "
        "FROM account_closure down WHERE down.master_id = $1 AND down.ancestor_id = $2 "
        "AND crossing.master_id = $1 AND crossing.descendant_id = down.descendant_id "
        "AND crossing.depth > down.depth",
        *(tree.master_id, account_id, PASSING[mode].at_rest),
    )


async def _glass_breaker(connection: asyncpg.Connection, tree: Tree, account_id: AccountId) -> str:
    user_id = await _person(connection, tree, 0)
    await connection.execute(
        "INSERT INTO break_glass_openings (master_id, account_id, id, user_id, reason, expires_at) "
        f"VALUES ($1, $2, $3, $4, 'to look', {_HOUR})",
        *(tree.master_id, account_id, new_id(), user_id),
    )
    return await open_session(connection, user_id)


async def _limited(connection: asyncpg.Connection, tree: Tree) -> str:
    user_id = await _person(connection, tree, 1)
    await connection.execute(
        f"UPDATE memberships SET below_limit = $3, below_limit_until = {_HOUR} "
        "WHERE master_id = $1 AND account_id = $1 AND user_id = $2",
        *(tree.master_id, user_id, Permission.ACCOUNT_READ.bit),
    )
    return await open_session(connection, user_id)


_BOUND = "ip_ranges"
_STOPPING = "when_maker_loses_access, creator_user_id"
_KEY = (
    "INSERT INTO api_keys (master_id, account_id, id, name, digest, last_four, role_id, scopes, {columns}) "
    "VALUES ($1, $1, $2, 'Benchmark', $3, '0000', $4, $5, {values})"
)


async def _key(connection: asyncpg.Connection, tree: Tree, columns: str, values: str) -> str:
    """An API key of the master account, with these columns set."""
    secret = generate(TokenKind.API_KEY)
    await connection.execute(
        _KEY.format(columns=columns, values=values),
        *(tree.master_id, new_id(), digest_of(secret), BuiltinRole.ADMINISTRATOR.id, ALL_PERMISSIONS),
    )
    return secret


async def _rotated_key(connection: asyncpg.Connection, tree: Tree) -> str:
    """The key's earlier secret, which is still valid."""
    secret = await _key(connection, tree, "previous_digest, previous_expires_at", f"'\\x00', {_HOUR}")
    await connection.execute(
        "UPDATE api_keys SET digest = previous_digest, previous_digest = digest WHERE digest = $1",
        digest_of(secret),
    )
    return secret


async def _person(connection: asyncpg.Connection, tree: Tree, place: int) -> uuid.UUID:
    """A member of the master account."""
    found: uuid.UUID = await connection.fetchval(
        "SELECT user_id FROM memberships WHERE master_id = $1 AND account_id = $1 "
        "ORDER BY id OFFSET $2 LIMIT 1",
        *(tree.master_id, place),
    )
    return found
