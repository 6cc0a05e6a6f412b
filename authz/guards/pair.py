"""The guard of writes that move something between two accounts, one of which stands above the other.

The write changes neither account, only what belongs to them. So it locks the path down to the lower account
in share mode: rights and statuses stay as they are, and other writes of this kind in the tree go on beside
it.
"""

from authz.callers.principals import Principal
from authz.guards.door import Hold, forget_turn, take_known_turn, take_turn
from authz.guards.exclusive import Authorized, WriteKind, judge_pair
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
    write_kind: WriteKind,
    target_field: str,
) -> tuple[Authorized, Authorized]:
    """Lock the path that holds both accounts, for a change that needs the permission in each.

    Raises what `authorize` raises, with `target_field` where the target is not found, and BAD_USER_INPUT
    where neither account stands above the other.
    """
    pair = source_id, target_id

    async def check(hold: Hold) -> tuple[bool, Authorized, Authorized]:
        held, source, target = await judge_pair(session, principal, pair, permission, write_kind, hold)
        if isinstance(source, Refusal):
            raise source
        if isinstance(target, NotFound):
            raise NotFound(target_field)
        if isinstance(target, Refusal):
            raise target
        return held, source, target

    if not take_known_turn(session, principal, pair):
        _, source, target = await check(Hold.NOTHING)
        take_turn(session, principal, (source_id,), source.master_id)
        take_turn(session, principal, (target_id,), target.master_id)
    try:
        held, source, target = await check(Hold.LOWER_PATH)
    except Refusal:
        forget_turn(session, principal, pair)
        raise
    if not held:
        message = "One of the accounts must stand above the other."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, target_field)
    return source, target
