"""The door for what moves between two accounts of which one stands above the other.

Neither account is changed, only what belongs to them: so the path down to the lower one is locked in share
mode, which keeps rights and statuses as they are, while other such writes in the tree go on beside it.
"""

import functools
from typing import Any

from sqlalchemy import Select, Uuid, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from authz.guard import Authorized, authorize_also
from authz.permissions import Permission
from authz.principals import Principal
from authz.refusals import NotFound, Refusal, RefusalCode
from models.accounts import account_closure, accounts
from models.identifiers import AccountId, MasterId


async def authorize_pair(
    session: AsyncSession,
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

    async def check() -> tuple[Authorized, Authorized]:
        source = await authorize_also(session, principal, source_id, permission)
        try:
            return source, await authorize_also(session, principal, target_id, permission)
        except NotFound as refusal:
            raise NotFound(target_field) from refusal

    source, target = await check()
    lower_id = await _lower(session, source, target)
    if lower_id is None:
        message = "One of the accounts must stand above the other."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, target_field)
    await lock_shared_path(session, source.master_id, lower_id)
    return await check()


async def lock_shared_path(session: AsyncSession, master_id: MasterId, account_id: AccountId) -> None:
    """Lock an account and all above it in share mode, root first."""
    await session.execute(_lock_path(), {"master_id": master_id, "account_id": account_id})


async def _lower(session: AsyncSession, one: Authorized, other: Authorized) -> AccountId | None:
    """Which of the two stands below the other; None: neither. It never changes: a tree is not bent."""
    if one.master_id != other.master_id:
        return None
    ids = {"master_id": one.master_id, "one": one.account_id, "other": other.account_id}
    found = (await session.execute(_lower_of_two(), ids)).scalar_one_or_none()
    return None if found is None else AccountId(found)


@functools.cache
def _lower_of_two() -> Select[Any]:
    one, other = bindparam("one", type_=Uuid()), bindparam("other", type_=Uuid())
    path = account_closure.c
    down = and_(path.ancestor_id == one, path.descendant_id == other)
    up = and_(path.ancestor_id == other, path.descendant_id == one)
    return select(path.descendant_id).where(
        path.master_id == bindparam("master_id"), or_(down, up), path.depth > 0
    )


@functools.cache
def _lock_path() -> Select[Any]:
    path = account_closure.alias()
    above = and_(path.c.master_id == accounts.c.master_id, path.c.ancestor_id == accounts.c.id)
    return (
        select(accounts.c.id)
        .join(path, above)
        .where(
            accounts.c.master_id == bindparam("master_id"), path.c.descendant_id == bindparam("account_id")
        )
        .order_by(path.c.depth.desc())
        .with_for_update(read=True, of=accounts)
    )
