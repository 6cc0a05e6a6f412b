"""The guard of writes that move something between two accounts, one of which stands above the other.

The write changes neither account, only what belongs to them. So it locks the path down to the lower account
in share mode: rights and statuses stay as they are, and other writes of this kind in the tree go on beside
it. The locks come first, and rights are read once, behind them. A refused caller delays only changes of
rights, only while it is being refused, and only in its own trees: row level security shows it no others.
"""

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, judge_pair
from authz.guards.locks import lock_lower_path, masters_of
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId


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
    where neither account stands above the other.
    """
    masters = await masters_of(session, (source_id, target_id))
    locked = False
    if masters.keys() >= {source_id, target_id}:
        locked = await lock_lower_path(session, masters[source_id], source_id, target_id)
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
