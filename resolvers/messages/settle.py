"""What became of messages that were handed over."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import DateTime, Text, Uuid, bindparam, update

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountKey, MasterId
from models.messages.tables import MessageStatus, messages
from resolvers.messages.claim import ClaimedMessage

_FIRST_PAUSE = datetime.timedelta(seconds=10)
_LONGEST_PAUSE = datetime.timedelta(hours=1)
_LONGEST_ANSWER = 500


@dataclass(frozen=True)
class Settled:
    """`due_at`: when a message that waits again is tried again."""

    message: ClaimedMessage
    status: MessageStatus
    answer: str
    due_at: datetime.datetime | None = None


def tried_again(message: ClaimedMessage, answer: str) -> Settled:
    """The message waits, twice as long each time and at most an hour, or has failed."""
    pause = min(_FIRST_PAUSE * 2 ** min(message.attempts, 20), _LONGEST_PAUSE)
    due_at = datetime.datetime.now(datetime.UTC) + pause
    if due_at > message.expires_at:
        return Settled(message, MessageStatus.FAILED, f"Tried for 24 hours: {answer}")
    return Settled(message, MessageStatus.WAITING, answer, due_at)


async def settle_messages(session: WriteSession, master_id: MasterId, settled: Sequence[Settled]) -> None:
    """Write it down. What was found to be doubtful meanwhile stays so."""
    now = datetime.datetime.now(datetime.UTC)
    rows = [
        {
            "tree": master_id,
            "of_account": each.message.account_id,
            "of_message": each.message.id,
            "as_claimed": each.message.claimed_at,
            "new_status": each.status.value,
            "told": each.answer[:_LONGEST_ANSWER],
            "ended_at": None if each.status is MessageStatus.WAITING else now,
            "next_at": each.due_at or now,
        }
        for each in settled
    ]
    if rows:
        async with in_data_plane(session, AccountKey(master_id, settled[0].message.account_id)):
            await session.execute_each(_SETTLED, rows)


_MOMENT = DateTime(timezone=True)
_SETTLED = (
    update(messages)
    .where(
        messages.c.master_id == bindparam("tree", type_=Uuid()),
        messages.c.account_id == bindparam("of_account", type_=Uuid()),
        messages.c.id == bindparam("of_message", type_=Uuid()),
        messages.c.status == MessageStatus.CLAIMED.value,
        messages.c.claimed_at == bindparam("as_claimed", type_=_MOMENT),
    )
    .values(
        status=bindparam("new_status", type_=Text()),
        answer=bindparam("told", type_=Text()),
        settled_at=bindparam("ended_at", type_=_MOMENT),
        due_at=bindparam("next_at", type_=_MOMENT),
    )
)
