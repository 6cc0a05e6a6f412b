"""What became of messages that were handed over."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, BigInteger, DateTime, Text, Uuid, any_, bindparam, select, update

from authz.callers.actors import PLATFORM
from authz.wall.feedback_door import enter_for_feedback
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, MasterId
from models.messages.events import LONGEST_DIAGNOSTIC, LONGEST_EVENT_STATUS, MessageEventKind
from models.messages.tables import MessageStatus, messages
from models.statistics.tables import StatisticKind
from resolvers.messages.delivery.claimed import ClaimedMessage
from resolvers.messages.events.sent import find_messages
from resolvers.messages.events.store import Detail, SentEvent
from resolvers.messages.events.take import record_events
from resolvers.messages.transport import Handed, Verdict
from resolvers.sealing.keyring import KeyringSource
from resolvers.statistics.count import Counted, count

_FIRST_PAUSE = datetime.timedelta(seconds=10)
_LONGEST_PAUSE = datetime.timedelta(hours=1)
_LONGEST_ANSWER = 500


@dataclass(frozen=True)
class Settled:
    """`due_at`: when a message that waits again is tried again. `reference`: what whoever took it calls it.
    `is_tried`: whether it was handed over at all. `bounce`: what is told of it, if it has failed because
    nothing reaches its recipient."""

    message: ClaimedMessage
    status: MessageStatus
    answer: str
    due_at: datetime.datetime | None = None
    reference: str | None = None
    is_tried: bool = True
    bounce: Detail | None = None


_STATUSES = {
    Verdict.ACCEPTED: MessageStatus.SENT,
    Verdict.REFUSED: MessageStatus.FAILED,
    Verdict.BOUNCED: MessageStatus.FAILED,
    Verdict.UNKNOWN: MessageStatus.DOUBTFUL,
}


def settled_as(message: ClaimedMessage, handed: Handed) -> Settled:
    """What became of a message that was handed over."""
    if handed.verdict is Verdict.LATER:
        return _tried_again(message, handed)
    bounce = None
    if handed.verdict is Verdict.BOUNCED:
        status = handed.status and handed.status[:LONGEST_EVENT_STATUS]
        bounce = Detail(status=status, diagnostic=handed.answer[:LONGEST_DIAGNOSTIC])
    return Settled(
        message,
        _STATUSES[handed.verdict],
        handed.answer,
        reference=handed.reference,
        is_tried=handed.is_tried,
        bounce=bounce,
    )


def _tried_again(message: ClaimedMessage, handed: Handed) -> Settled:
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


async def settle_messages(
    session: WriteSession, master_id: MasterId, settled: Sequence[Settled], keyring: KeyringSource
) -> bool:
    """Write it down. What was found to be doubtful meanwhile stays so. A bounce is recorded as if it had come
    back later.

    True: something was counted, so the caller has to call `note_counted` behind its last lock.
    """
    if not settled:
        return False
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
        failed = await _failed(session, master_id, settled, now)
        for account_id, counted in failed.items():
            await count(session, AccountKey(master_id, account_id), counted)
    is_counted = bool(failed)
    bounced = _by_account([each for each in in_order if each.bounce is not None])
    # In one order, so that two workers of the tree wait for each other without deadlock.
    for account_id in sorted(bounced):
        is_counted |= await _record_bounces(session, account_id, bounced[account_id], now, keyring)
    return is_counted


async def _failed(
    session: WriteSession, master_id: MasterId, settled: Sequence[Settled], now: datetime.datetime
) -> dict[AccountId, list[Counted]]:
    """Of those that were written down as failed now. Bounces are counted as such."""
    failed = {
        each.message.id: each
        for each in settled
        if each.status is MessageStatus.FAILED and each.bounce is None and not each.message.is_test
    }
    if not failed:
        return {}
    accounts = list({each.message.account_id for each in failed.values()})
    given = {"tree": master_id, "accounts": accounts, "ids": list(failed), "at": now}
    written = (await session.execute(_FAILED_NOW, given)).scalars().all()
    return {
        account_id: [
            Counted(source=each.message.source, kind=StatisticKind.FAILED, happened_at=now) for each in own
        ]
        for account_id, own in _by_account([failed[message_id] for message_id in written]).items()
    }


def _by_account(settled: Sequence[Settled]) -> dict[AccountId, list[Settled]]:
    found: dict[AccountId, list[Settled]] = defaultdict(list)
    for each in settled:
        found[each.message.account_id].append(each)
    return found


async def _record_bounces(
    session: WriteSession,
    account_id: AccountId,
    bounced: Sequence[Settled],
    now: datetime.datetime,
    keyring: KeyringSource,
) -> bool:
    """Of messages of one account. Whether anything was counted."""
    account = await enter_for_feedback(session, account_id)
    if account is None:
        return False
    # As they are now: a recipient may have been erased meanwhile.
    async with in_data_plane(session, account):
        sent = await find_messages(session, account, {each.message.id for each in bounced})
    events = [
        SentEvent(
            sent=sent[each.message.id],
            kind=MessageEventKind.HARD_BOUNCE,
            happened_at=now,
            detail=each.bounce,
        )
        for each in bounced
        if each.bounce is not None and each.message.id in sent
    ]
    return (await record_events(session, account, events, keyring, PLATFORM)).is_counted


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
_UUIDS = ARRAY(Uuid())
_FAILED_NOW = select(messages.c.id).where(
    messages.c.master_id == bindparam("tree", type_=Uuid()),
    messages.c.account_id == any_(bindparam("accounts", type_=_UUIDS)),
    messages.c.id == any_(bindparam("ids", type_=_UUIDS)),
    messages.c.status == MessageStatus.FAILED.value,
    messages.c.settled_at == bindparam("at", type_=_MOMENT),
)
"""Written down by this transaction: the moment is its own."""
