"""The door for what belongs to an account and does not change the account itself, such as its sends.

The path from the root is locked in share mode, which keeps rights, statuses, plans and pools as they are,
while other such writes go on beside it; the lock comes first, as for a pair.
"""

import uuid

from sqlalchemy import ColumnElement

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, Effect, authorize_also, known_id
from authz.guards.pair import lock_shared_path, masters_of
from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId


async def authorize_shared(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId | ColumnElement[uuid.UUID],
    permission: Permission,
    effect: Effect = Effect.CHANGES,
) -> Authorized:
    """As `authorize` asks and raises, with the account and all above it locked in share mode."""
    wanted = await known_id(session, account_id)
    known = [] if wanted is None else [wanted]
    for found, master_id in (await masters_of(session, known)).items():
        await lock_shared_path(session, master_id, found)
    return await authorize_also(session, principal, wanted, permission, effect)
