"""The locks on accounts that writes without a caller's rights take: of jobs, of staff, of offers by a link.

They are the same as those of the door (see `authz/guards/door.sql`), always from the root down.
"""

import functools

from sqlalchemy import Boolean, Uuid, bindparam, func, select

from authz.wall.notes import TransactionNotes
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, MasterId


async def lock_tree(session: WriteSession, master_id: MasterId) -> None:
    """Keep every other write out of the tree: each locks the root first, at least in share mode. The calling
    code notes in which accounts the transaction may change access."""
    await _lock(session, master_id, AccountId(master_id), changes=True)


async def lock_path(session: WriteSession, master_id: MasterId, account_id: AccountId) -> None:
    """Lock the ancestors in share mode, root first, and the account for update. Notes that the transaction
    may change access there and below."""
    session.notes(TransactionNotes).touched.add(account_id)
    await _lock(session, master_id, account_id, changes=True)


async def lock_shared_path(session: WriteSession, master_id: MasterId, account_id: AccountId) -> None:
    """Lock an account and all above it in share mode, root first."""
    await _lock(session, master_id, account_id, changes=False)


async def remember_access(session: WriteSession) -> None:
    """Have the events from here on tell what changes access from here on.

    Whoever locks an account for update need not ask for it. Whoever locks none has to, and whoever goes back
    to a savepoint: what was remembered since the savepoint is gone then.
    """
    await session.send_call(func.mandant_access_remember())


async def _lock(session: WriteSession, master_id: MasterId, account_id: AccountId, *, changes: bool) -> None:
    session.take_turn(master_id)
    values = {"master_id": master_id, "account_id": account_id, "changes": changes}
    await _locking().rows(session, values)


@functools.cache
def _locking() -> FixedStatement:
    master_id, account_id = bindparam("master_id", type_=Uuid()), bindparam("account_id", type_=Uuid())
    changes = bindparam("changes", type_=Boolean())
    return FixedStatement(select(func.mandant_lock_path(master_id, account_id, changes)))
