"""What became of messages that were handed over."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, DateTime, Text, Uuid, bindparam, update

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, MasterId
from models.messages.tables import MessageStatus, messages
from models.statistics.tables import StatisticKind
from resolvers.messages.claimed import ClaimedMessage
from resolvers.messages.transport import Handed
from resolvers.statistics.count import Counted, count

_FIRST_PAUSE = datetime.timedelta(seconds=10)
_LONGEST_PAUSE = datetime.timedelta(hours=1)
_LONGEST_ANSWER = 500


@dataclass(frozen=True)
class Settled:
    """`due_at`: when a message that waits again is tried again. `reference`: what whoever took it calls it.
    `is_tried`: whether it was handed over at all."""

    message: ClaimedMessage
    status: MessageStatus
    answer: str
    due_at: datetime.datetime | None = None
    reference: str | None = None
    is_tried: bool = True


def tried_again(message: ClaimedMessage, handed: Handed) -> Settled:
    """The message waits, twice as long after each try and at most an hour, or has failed. Where nobody was
    asked, it waits no longer than it was told to."""
    now = datetime.datetime.now(datetime.UTC)
    pause = min(_FIRST_PAUSE * 2 ** min(message.attempts, 20), _LONGEST_PAUSE)
    told = datetime.timedelta(seconds=handed.retry_after or 0)
    due_at = now + (max(pause, told) if handed.is_tried else told)
    if due_at > message.expires_at:
        answer = f"Tried for 24 hours: {handed.answer}"
        return Settled(message, MessageStatus.FAILED, answer, is_tried=handed.is_tried)
    return Settled(message, MessageStatus.WAITING, handed.answer, due_at, is_tried=handed.is_tried)


async def settle_messages(session: WriteSession, master_id: MasterId, settled: Sequence[Settled]) -> None:
    """Write it down. What was found to be doubtful meanwhile stays so."""
    if not settled:
        return
    now = datetime.datetime.now(datetime.UTC)
    # As whoever erases a recipient locks them.
    in_order = sorted(settled, key=lambda each: each.message.id)
    rows = [
        {
            "tree": master_id,
            "of_account": each.message.account_id,
            "of_message": each.message.id,
            "as_claimed": each.message.claimed_at,
            "new_status": each.status.value,
            "told": each.answer[:_LONGEST_ANSWER],
            "named": each.reference,
            "tries": each.message.attempts - (0 if each.is_tried else 1),
            "ended_at": None if each.status is MessageStatus.WAITING else now,
            "next_at": each.due_at or now,
        }
        for each in in_order
    ]
    async with in_data_plane(session, AccountKey(master_id, settled[0].message.account_id)):
        await session.execute_each(_SETTLED, rows)
        for account_id, failed in _failed(settled, now).items():
            await count(session, AccountKey(master_id, account_id), failed)


def _failed(settled: Sequence[Settled], now: datetime.datetime) -> dict[AccountId, list[Counted]]:
    found: dict[AccountId, list[Counted]] = defaultdict(list)
    for each in settled:
        if each.status is MessageStatus.FAILED and not each.message.is_test:
            failed = Counted(source=each.message.source, kind=StatisticKind.FAILED, happened_at=now)
            found[each.message.account_id].append(failed)
    return found


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
        reference=bindparam("named", type_=Text()),
        attempts=bindparam("tries", type_=BigInteger()),
        settled_at=bindparam("ended_at", type_=_MOMENT),
        due_at=bindparam("next_at", type_=_MOMENT),
    )
)
