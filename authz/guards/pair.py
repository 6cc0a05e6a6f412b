"""The door for what moves between two accounts of which one stands above the other.

Neither account is changed, only what belongs to them: so the path down to the lower one is locked in share
mode, which keeps rights and statuses as they are, while other such writes in the tree go on beside it. The
locks come first, and rights are read once, behind them: whoever is refused has kept nobody waiting but a
change of rights, only while being refused, and only in own trees, as the second wall shows no others.
"""

import functools
import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, bindparam, or_, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, judge_pair
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.base.ids import AccountId, MasterId


async def authorize_pair(
    session: WriteSession,
    principal: Principal,
    source_id: AccountId,
    target_id: AccountId,
    permission: Permission,
    target_field: str,
) -> tuple[Authorized, Authorized]:
    """Lock the path that holds both accounts, for a change that needs the permission in each.

    Raises what `authorize` raises, with `target_field` where the target is not found, and BAD_USER_INPUT
    where neither of them stands above the other.
    """
    masters = await masters_of(session, (source_id, target_id))
    locked = False
    if masters.keys() >= {source_id, target_id}:
        pair = {"master_id": masters[source_id], "one": source_id, "other": target_id}
        session.take_turn(masters[source_id])
        locked = bool(await _lock_path_of_two().rows(session, pair))
    source, target = await judge_pair(session, principal, (source_id, target_id), permission)
    if isinstance(source, Refusal):
        raise source
    if isinstance(target, NotFound):
        raise NotFound(target_field)
    if isinstance(target, Refusal):
        raise target
    if not locked:
        message = "One of the accounts must stand above the other."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, target_field)
    return source, target


async def masters_of(session: WriteSession, account_ids: Sequence[AccountId]) -> dict[AccountId, MasterId]:
    """Of which tree each of the accounts is; none outside the principal's own trees."""
    rows = await _masters().rows(session, {"account_ids": list(account_ids)})
    return {AccountId(row.id): MasterId(row.master_id) for row in rows}


async def lock_shared_path(session: WriteSession, master_id: MasterId, account_id: AccountId) -> None:
    """Lock an account and all above it in share mode, root first."""
    session.take_turn(master_id)
    await _lock_path().rows(session, {"master_id": master_id, "account_id": account_id})


@functools.cache
def _masters() -> FixedStatement:
    wanted = bindparam("account_ids", type_=ARRAY(Uuid()))
    return FixedStatement(select(accounts.c.id, accounts.c.master_id).where(accounts.c.id == any_(wanted)))


@functools.cache
def _lock_path() -> FixedStatement:
    return _locked_path(bindparam("account_id", type_=Uuid()))


@functools.cache
def _lock_path_of_two() -> FixedStatement:
    """The path down to the lower of two accounts; no row where neither stands above the other."""
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
