"""Canceling a message that waits."""

from dataclasses import dataclass

from sqlalchemy import func, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.base.ids import IdInAccount, MessageId, present_in_account
from models.messages.tables import MessageStatus, messages
from models.sending.tables import SendStream
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.messages.ids import KINDS
from resolvers.sending.permissions import SEND_PERMISSIONS


@dataclass(frozen=True)
class Canceled:
    """The message, and whose it is."""

    account: Authorized
    id: MessageId
    stream: SendStream


async def cancel_message(
    session: WriteSession, principal: Principal, stream: SendStream, named: IdInAccount
) -> Canceled:
    """Hand the message over to nobody. Its send stays counted and paid. Repeating it changes nothing.

    Needs the stream's permission; allowed in any status of the account. Raises NOT_FOUND, and
    FAILED_PRECONDITION for one that does not wait any more. A worker that claims it at the same moment comes
    first or finds it canceled.
    """
    needed = SEND_PERMISSIONS[stream], WriteKind.TAKES_AWAY
    account = await authorize_shared(session, principal, named.account_id, *needed)
    canceled = Canceled(account, MessageId(named.id), stream)
    this = (
        in_account(messages, account),
        messages.c.id == named.id,
        messages.c.stream == stream.value,
    )
    async with in_data_plane(session, account):
        locked = select(messages.c.status).where(*this).with_for_update()
        found = (await session.execute(locked)).scalar_one_or_none()
        if found is None:
            raise NotFound("messageId")
        status = MessageStatus(found)
        if status is MessageStatus.WAITING:
            await session.send_built(
                update(messages)
                .where(*this)
                .values(status=MessageStatus.CANCELED.value, settled_at=func.now())
            )
    if status is MessageStatus.CANCELED:
        return canceled
    if status is not MessageStatus.WAITING:
        message = f"The message does not wait any more: it is {status.value}."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "messageId")
    subject_id = present_in_account(KINDS[stream], account.account_id, named.id)
    before = {"status": status.value}
    await record(session, principal, account, EventType.MESSAGE_CANCELED, subject_id, {**before}, None)
    return canceled
