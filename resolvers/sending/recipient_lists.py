"""Lists of recipients that are uploaded, to be sent to (N11).

A list belongs to one account and ends after a day. Until then it can be sent to as often as one likes; an
hour later it is deleted, so that no statement that still reads it loses a row.
"""

import asyncio
import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy import FromClause, Select, func, insert, or_, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied
from authz.reach.reach import account_where, readable_account
from engine.writes.sessions import WriteSession
from models.base.clock import current_moment
from models.base.ids import AccountId, Kind, RecipientListId, new_id, present
from models.sending.recipient_lists import recipient_list_parts, recipient_lists
from models.sending.tables import SendStream
from resolvers.effects.log import EventKind, record
from resolvers.inputs.global_ids import RecipientListIdArgument
from resolvers.sending.audiences import is_open
from resolvers.sending.recipient_lines import RecipientFile
from resolvers.sending.reserve import PERMISSIONS

VALID_FOR = datetime.timedelta(hours=24)

_PART = 1000
_PARTS_AT_ONCE = 10


@dataclass(frozen=True)
class StoredList:
    """A list that can be sent to until it ends."""

    id: RecipientListId
    expires_at: datetime.datetime


async def authorize_upload(session: WriteSession, principal: Principal, account_id: AccountId) -> Authorized:
    """Whoever may send on any stream may upload. Raises what `authorize_shared` raises."""
    try:
        return await authorize_shared(session, principal, account_id, Permission.CAMPAIGNS_SEND)
    except PermissionDenied as denial:
        try:
            return await authorize_shared(session, principal, account_id, Permission.TRANSACTIONAL_SEND)
        except PermissionDenied:
            raise denial from None


async def store_list(
    session: WriteSession, principal: Principal, account_id: AccountId, file: RecipientFile
) -> StoredList:
    """Keep a list for a day. Needs CAMPAIGNS_SEND or TRANSACTIONAL_SEND."""
    account = await authorize_upload(session, principal, account_id)
    list_id, count = RecipientListId(new_id()), file.digests.count
    made = insert(recipient_lists).values(
        master_id=account.master_id,
        account_id=account.account_id,
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
        await session.execute(insert(recipient_list_parts), rows)
    subject_id = present(Kind.RECIPIENT_LIST, list_id)
    await record(
        session, principal, account, EventKind.RECIPIENTS_UPLOADED, subject_id, None, {"recipients": count}
    )
    return StoredList(list_id, expires_at)


async def delete_ended_lists(session: WriteSession) -> bool:
    """Delete lists that ended an hour ago or longer; whether there may be more. Any number may do it."""
    return bool((await session.execute(select(func.mandant_delete_ended_lists()))).scalar_one())


def size_for_viewer(account_id: AccountId, list_id: RecipientListId, stream: SendStream) -> Select[Any]:
    """How many recipients (`recipients`) a list of the account has, for a viewer who may send on the stream;
    no row: there is no such list for the viewer."""
    stored = recipient_lists.alias()
    return select(stored.c.recipients).where(
        stored.c.id == list_id,
        stored.c.account_id == account_id,
        is_open(stored),
        account_where(stored, PERMISSIONS[stream]),
    )


def by_id(root: FromClause, id: RecipientListIdArgument) -> Select[Any]:
    """A list of an account where the viewer may send, until it ends."""
    stored = recipient_lists.alias()
    seen = or_(*[account_where(stored, permission) for permission in PERMISSIONS.values()])
    return select(*stored.c).where(stored.c.id == id, is_open(stored), seen)


def account_of(stored: FromClause) -> Select[Any]:
    """The account that the list belongs to; null where it is outside the viewer's reach."""
    account, statement = readable_account()
    return statement.where(
        account.c.id == stored.c.account_id, account.c.master_id == stored.c.master_id
    ).limit(1)
