"""The guard of writes about what belongs to an account, such as its sends, not about the account itself.

It locks the path from the root in share mode: rights, statuses, plans and pools stay as they are, and other
writes of this kind go on beside it.
"""

import uuid

from sqlalchemy import ColumnElement

from authz.callers.principals import Principal
from authz.guards.door import Hold
from authz.guards.exclusive import Authorized, End, WriteKind, authorize_holding, known_id
from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId


async def authorize_shared(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId | ColumnElement[uuid.UUID],
    permission: Permission,
    write_kind: WriteKind = WriteKind.CHANGES,
    *,
    until: End = None,
) -> Authorized:
    """As `authorize`, with the account and all above it locked in share mode."""
    wanted = await known_id(session, principal, account_id)
    return await authorize_holding(Hold.PATH, session, principal, wanted, permission, write_kind, until)
