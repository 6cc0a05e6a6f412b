"""The locks on accounts that writes take, always from the root down, so that no two wait for each other.

A write that changes an account locks it for update and all above it in share mode. A write that changes only
what belongs to the account locks the whole path in share mode: others like it go on beside it.
"""

import functools
import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, bindparam, func, or_, select

from authz.wall.notes import TransactionNotes
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.base.ids import AccountId, MasterId


async def lock_tree(session: WriteSession, master_id: MasterId) -> None:
    """Keep every other write out of the tree: each locks the root first, at least in share mode. The calling
    code notes in which accounts the transaction may change access."""
    await _lock(session, master_id, AccountId(master_id))


async def lock_path(session: WriteSession, master_id: MasterId, account_id: AccountId) -> None:
    """Lock the ancestors in share mode, root first, and the account for update. Notes that the transaction
    may change access there and below."""
    session.notes(TransactionNotes).touched.add(account_id)
    await _lock(session, master_id, account_id)


async def _lock(session: WriteSession, master_id: MasterId, account_id: AccountId) -> None:
    session.take_turn(master_id)
    await _lock_path().rows(session, {"master_id": master_id, "account_id": account_id})


@functools.cache
def _lock_path() -> FixedStatement:
    path = account_closure.alias()
    above = (
        select(accounts.c.id)
        .join(path, and_(path.c.master_id == accounts.c.master_id, path.c.ancestor_id == accounts.c.id))
        .where(
            accounts.c.master_id == bindparam("master_id"),
            path.c.descendant_id == bindparam("account_id"),
            path.c.depth > 0,
        )
        .order_by(path.c.depth.desc())
        .with_for_update(read=True, of=accounts)
        .cte("above")
    )
    # PostgreSQL evaluates a condition that depends on no row first: so the accounts above are locked first.
    all_above = select(func.count()).select_from(above).scalar_subquery() >= 0
    own = and_(accounts.c.master_id == bindparam("master_id"), accounts.c.id == bindparam("account_id"))
    # The key never changes: rows that refer to the account, such as the ledger's, can be written meanwhile.
    locked = select(accounts.c.id).where(own, all_above).with_for_update(key_share=True, of=accounts)
    return FixedStatement(locked)


async def masters_of(session: WriteSession, account_ids: Sequence[AccountId]) -> dict[AccountId, MasterId]:
    """The tree of each account. Accounts outside the caller's own trees are missing."""
    rows = await _masters().rows(session, {"account_ids": list(account_ids)})
    return {AccountId(row.id): MasterId(row.master_id) for row in rows}


async def lock_shared_path(session: WriteSession, master_id: MasterId, account_id: AccountId) -> None:
    """Lock an account and all above it in share mode, root first."""
    session.take_turn(master_id)
    await _lock_shared_path().rows(session, {"master_id": master_id, "account_id": account_id})


async def lock_lower_path(
    session: WriteSession, master_id: MasterId, one: AccountId, other: AccountId
) -> bool:
    """Lock the lower of two accounts and all above it in share mode, root first. False, and nothing is
    locked, where neither stands above the other."""
    session.take_turn(master_id)
    values = {"master_id": master_id, "one": one, "other": other}
    return bool(await _lock_path_of_two().rows(session, values))


@functools.cache
def _masters() -> FixedStatement:
    wanted = bindparam("account_ids", type_=ARRAY(Uuid()))
    return FixedStatement(select(accounts.c.id, accounts.c.master_id).where(accounts.c.id == any_(wanted)))


@functools.cache
def _lock_shared_path() -> FixedStatement:
    return _locked_path(bindparam("account_id", type_=Uuid()))


@functools.cache
def _lock_path_of_two() -> FixedStatement:
    """The path down to the lower of two accounts. No rows where neither stands above the other."""
    one, other = bindparam("one", type_=Uuid()), bindparam("other", type_=Uuid())
    between = account_closure.alias()
    down = and_(between.c.ancestor_id == one, between.c.descendant_id == other)
    up = and_(between.c.ancestor_id == other, between.c.descendant_id == one)
    lower = select(between.c.descendant_id).where(
        between.c.master_id == bindparam("master_id"), between.c.depth > 0, or_(down, up)
    )
    return _locked_path(lower.scalar_subquery())


def _locked_path(lowest: ColumnElement[uuid.UUID]) -> FixedStatement:
    path = account_closure.alias()
    above = and_(path.c.master_id == accounts.c.master_id, path.c.ancestor_id == accounts.c.id)
    return FixedStatement(
        select(accounts.c.id)
        .join(path, above)
        .where(accounts.c.master_id == bindparam("master_id"), path.c.descendant_id == lowest)
        .order_by(path.c.depth.desc())
        .with_for_update(read=True, of=accounts)
    )
