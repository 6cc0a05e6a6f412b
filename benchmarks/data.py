"""The callers and the accounts of the requests. They are drawn once, with a fixed seed."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS
from models.base.ids import AccountId, Kind, MasterId, new_id, present

SEED = 20


@dataclass(frozen=True)
class Tree:
    """A tree that requests are about. Its accounts are in the order of their creation, the master account
    first."""

    master_id: MasterId
    account_ids: tuple[AccountId, ...]
    active_ids: tuple[AccountId, ...]
    """The accounts that can be changed."""
    owner_token: str
    """A session of the master account's owner."""
    api_key: str
    """An administrator's key of the master account."""
    finance_token: str
    """A session of a person with the role FINANCE in the master account, who sees neither members nor
    subaccounts."""
    member_token: str
    """A session of a person with different roles in some of the subaccounts."""


def global_id(account_id: AccountId) -> str:
    """The global id."""
    return present(Kind.ACCOUNT, account_id)


async def open_trees(connection: asyncpg.Connection, count: int) -> list[Tree]:
    """Draw trees from the data, and make keys and sessions for their people."""
    masters = await connection.fetch(
        "SELECT master_id FROM memberships WHERE account_id = master_id AND role_id = $1 ORDER BY master_id",
        BuiltinRole.OWNER.id,
    )
    drawn = random.Random(SEED).sample([row["master_id"] for row in masters], count)
    async with connection.transaction():
        trees = [await _open_tree(connection, master_id) for master_id in drawn]
    await connection.execute("ANALYZE api_keys, sessions")
    return trees


CREDIT = 10**12
"""The credit of each account, in micro-units."""

_OWN_BALANCES = (
    "UPDATE accounts SET credit_mode = 'OWN_BALANCE' WHERE master_id = $1 AND parent_id IS NOT NULL"
)


async def give_credit(connection: asyncpg.Connection, trees: Sequence[Tree]) -> None:
    """Give each account of the trees its own balance with credit in it."""
    for tree in trees:
        async with connection.transaction():
            await connection.execute(_OWN_BALANCES, tree.master_id)
            await connection.execute("SELECT set_config('mandant.trees', $1, true)", str(tree.master_id))
            for account_id in tree.account_ids:
                await connection.fetch(
                    "SELECT ledger_post($1, $2, 'TOP_UP', NULL, NULL, NULL, $3, $4, $5)",
                    *(tree.master_id, new_id(), [account_id] * 2),
                    *(["OUTSIDE", "CREDIT"], [-CREDIT, CREDIT]),
                )
    await connection.execute("ANALYZE accounts, ledgers, ledger_balances, ledger_entries")


async def _open_tree(connection: asyncpg.Connection, master_id: MasterId) -> Tree:
    accounts = await connection.fetch(
        "SELECT id, status FROM accounts WHERE master_id = $1 ORDER BY id", master_id
    )
    people = await connection.fetch(
        "SELECT user_id FROM memberships WHERE master_id = $1 AND account_id = $1 ORDER BY id", master_id
    )
    below = await connection.fetchval(
        "SELECT user_id FROM memberships WHERE master_id = $1 AND account_id <> $1 "
        "GROUP BY user_id ORDER BY count(DISTINCT role_id) DESC, user_id LIMIT 1",
        master_id,
    )
    return Tree(
        master_id,
        tuple(row["id"] for row in accounts),
        tuple(row["id"] for row in accounts if row["status"] == "ACTIVE"),
        await open_session(connection, people[0]["user_id"]),
        await _open_key(connection, master_id),
        await open_session(connection, people[2]["user_id"]),
        await open_session(connection, below),
    )


async def open_session(connection: asyncpg.Connection, user_id: uuid.UUID) -> str:
    """The token of a new session, which is valid for a day."""
    token = generate(TokenKind.SESSION)
    await connection.execute(
        "INSERT INTO sessions (id, user_id, digest, expires_at) "
        "VALUES ($1, $2, $3, now() + interval '1 day')",
        *(new_id(), user_id, digest_of(token)),
    )
    return token


async def _open_key(connection: asyncpg.Connection, master_id: MasterId) -> str:
    secret = generate(TokenKind.API_KEY)
    await connection.execute(
        "INSERT INTO api_keys (master_id, account_id, id, name, digest, last_four, role_id, scopes) "
        "VALUES ($1, $1, $2, 'Benchmark', $3, $4, $5, $6)",
        *(master_id, new_id(), digest_of(secret), secret[-4:], BuiltinRole.ADMINISTRATOR.id, ALL_PERMISSIONS),
    )
    return secret
