"""Storing uploaded lists of recipients, and deleting them."""

import asyncio
import datetime
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of
from models.base.clock import current_moment
from models.base.ids import AccountId, Kind, RecipientListId, new_id, present
from models.sending.recipient_lists import recipient_list_parts, recipient_lists
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.sending.lists.recipient_lines import RecipientFile

VALID_FOR = datetime.timedelta(hours=24)


_PART = 1000


_PARTS_AT_ONCE = 10


@dataclass(frozen=True)
class StoredList:
    """A list that can be used until it ends."""

    id: RecipientListId
    expires_at: datetime.datetime


async def authorize_upload(session: WriteSession, principal: Principal, account_id: AccountId) -> Authorized:
    """Callers who may send on any stream may upload. Raises what `authorize_shared` raises."""
    try:
        return await authorize_shared(session, principal, account_id, Permission.CAMPAIGNS_SEND)
    except PermissionDenied:
        try:
            return await authorize_shared(session, principal, account_id, Permission.TRANSACTIONAL_SEND)
        except PermissionDenied:
            message = "You need CAMPAIGNS_SEND or TRANSACTIONAL_SEND in this account."
            raise Refusal(RefusalCode.FORBIDDEN, message) from None


async def store_list(
    session: WriteSession, principal: Principal, account_id: AccountId, file: RecipientFile
) -> StoredList:
    """Store a list for a day. Needs CAMPAIGNS_SEND or TRANSACTIONAL_SEND."""
    account = await authorize_upload(session, principal, account_id)
    list_id, count = RecipientListId(new_id()), file.digests.count
    made = insert(recipient_lists).values(
        **columns_of(account),
        id=list_id,
        recipients=count,
        expires_at=current_moment() + VALID_FOR,
    )
    expires_at = (await session.execute(made.returning(recipient_lists.c.expires_at))).scalar_one()
    parts = range(-(-count // _PART))
    for first in parts[::_PARTS_AT_ONCE]:
        some = parts[first : first + _PARTS_AT_ONCE]
        digests = [await asyncio.to_thread(file.digests.slice, part * _PART, _PART) for part in some]
        place = {"master_id": account.master_id, "list_id": list_id}
        rows = [{**place, "part": part, "digests": found} for part, found in zip(some, digests, strict=True)]
        await session.execute_each(insert(recipient_list_parts), rows)
    subject_id = present(Kind.RECIPIENT_LIST, list_id)
    await record(
        session, principal, account, EventType.RECIPIENTS_UPLOADED, subject_id, None, {"recipients": count}
    )
    return StoredList(list_id, expires_at)


async def delete_ended_lists(session: WriteSession) -> bool:
    """Delete lists that ended at least an hour ago. Returns whether there may be more. Several processes may
    call it at once."""
    return bool((await session.execute(select(func.mandant_delete_ended_lists()))).scalar_one())
