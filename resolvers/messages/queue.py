"""Which accounts have messages that a worker has to hand over, and when.

Whoever takes messages in locks the account's row, so that a worker that finds nothing left does not delete it
at the same moment.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Select,
    Uuid,
    any_,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.wall.tree_door import in_data_plane
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, Place, columns_of, in_account
from models.base.clock import current_moment
from models.base.ids import AccountId, AccountKey, MasterId
from models.effects.jobs import Job
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.messages.tables import MessageChannel, MessageStatus, delivery_queues, messages
from models.sending.tables import SendStream
from resolvers.effects.jobs import enqueue
from resolvers.messages.delivery.held import HeldCampaign, held_campaigns, is_free
from resolvers.reputation.held import HeldSource, read_held, waits_for

HELD_FOR = datetime.timedelta(minutes=10)
"""A message that is claimed for longer was left by a worker that died."""

_WHILE_CLAIMED = datetime.timedelta(seconds=30)
"""Until somebody looks again at messages that another worker hands over, or has died on. Some of them may
wait again by then."""


async def note_due(session: WriteSession, account: Place, at: datetime.datetime) -> None:
    """Have a worker look at the account's messages at this moment, or before it."""
    known = await _DUE.rows(session, columns_of(account))
    if known and known[0]["due_at"] <= at:
        return
    noted = upsert(delivery_queues).values(**columns_of(account), due_at=at)
    await session.send_built(
        noted.on_conflict_do_update(
            index_elements=["master_id", "account_id"], set_={"due_at": noted.excluded.due_at}
        )
    )
    await put_in_job(session, MasterId(account.master_id), at)


_DUE = FixedStatement(
    select(delivery_queues.c.due_at).where(in_account(delivery_queues, NAMED)).with_for_update()
)


async def put_in_job(session: WriteSession, master_id: MasterId, at: datetime.datetime) -> None:
    """A worker looks at the tree at this moment."""
    wait = at - datetime.datetime.now(datetime.UTC)
    run_at = current_moment() + wait if wait > datetime.timedelta(0) else None
    await enqueue(session, Job(MESSAGE_DELIVERY, master_id, master_id), run_at)


async def note_done(
    session: WriteSession,
    master_id: MasterId,
    ids: Sequence[AccountId],
    channels: Collection[MessageChannel],
    not_before: datetime.timedelta = datetime.timedelta(0),
) -> None:
    """After a turn: when these accounts have something again, and a job for then. `channels`: those whose
    messages were handed over; the others wait for another worker. `not_before`: from now on, for accounts
    that may not send. The caller has entered the tree."""
    queue = delivery_queues.c
    these = queue.master_id == master_id, queue.account_id == any_(literal(list(ids), ARRAY(Uuid)))
    await session.execute(select(queue.account_id).where(*these).order_by(queue.account_id).with_for_update())
    held = [each for each in await read_held(session, master_id, ids) if not each.left]
    nexts = await _nexts(session, master_id, ids, channels, held)
    now = datetime.datetime.now(datetime.UTC)
    moments = {id_: max(at, now + not_before) for id_, at in nexts.items()}
    gone = [id_ for id_ in ids if id_ not in moments]
    if gone:
        ended = queue.account_id == any_(literal(gone, ARRAY(Uuid)))
        await session.send_built(delete(delivery_queues).where(queue.master_id == master_id, ended))
    for id_, at in moments.items():
        this = in_account(delivery_queues, AccountKey(master_id, id_))
        await session.send_built(update(delivery_queues).where(this).values(due_at=at))
    if moments:
        await put_in_job(session, master_id, min(moments.values()))


async def _nexts(
    session: WriteSession,
    master_id: MasterId,
    ids: Sequence[AccountId],
    channels: Collection[MessageChannel],
    held: Sequence[HeldSource],
) -> Mapping[AccountId, datetime.datetime]:
    waiting = await held_campaigns(session, master_id, ids)
    later = datetime.datetime.now(datetime.UTC) + HELD_FOR
    again = datetime.datetime.now(datetime.UTC) + _WHILE_CLAIMED
    async with in_data_plane(session, AccountKey(master_id, ids[0])):
        rows = (await session.execute(_looking(master_id, ids, channels, held, waiting))).all()
    moments: dict[AccountId, datetime.datetime] = {}
    for row in rows:
        # What waits for a source, or for another worker's channel, is looked at now and then.
        kept = None if row.first_at is None else max(row.first_at, later)
        known = (row.next_at, kept, again if row.is_claimed else None)
        found = [moment for moment in known if moment is not None]
        if found:
            moments[AccountId(row.account_id)] = min(found)
    for each in waiting:
        if each.until is not None:
            moments[each.account_id] = min(each.until, moments.get(each.account_id, each.until))
    return moments


def _looking(
    master_id: MasterId,
    ids: Sequence[AccountId],
    channels: Collection[MessageChannel],
    held: Sequence[HeldSource],
    waiting: Sequence[HeldCampaign],
) -> Select[Any]:
    """Of each account when the first message that waits is due (`first_at`), when the first one that may go
    out is due (`next_at`), and whether one is claimed. An index gives each, however many wait."""
    account = func.unnest(literal(list(ids), ARRAY(Uuid))).table_valued(Column("id", Uuid))
    of, message = account.render_derived("account"), messages.alias("message")
    own = message.c.master_id == master_id, message.c.account_id == of.c.id

    def soonest(*conditions: ColumnElement[bool]) -> ColumnElement[Any]:
        firsts = [
            select(message.c.due_at)
            .where(
                *own,
                message.c.stream == stream.value,
                message.c.status == MessageStatus.WAITING.value,
                is_free(message, waiting),
                *conditions,
            )
            .order_by(message.c.due_at, message.c.id)
            .limit(1)
            .correlate(of)
            .scalar_subquery()
            for stream in SendStream
        ]
        return func.least(*firsts)

    is_served = message.c.channel.in_([channel.value for channel in channels])
    claimed = select(message.c.id).where(*own, message.c.status == MessageStatus.CLAIMED.value)
    return select(
        of.c.id.label("account_id"),
        soonest().label("first_at"),
        soonest(is_served, ~waits_for(message, held)).label("next_at"),
        claimed.correlate(of).exists().label("is_claimed"),
    )
