"""A worker claims messages of a tree. It commits that before it hands one over, so that no other worker, nor
itself after an accident, ever hands it over again."""

import datetime
import functools
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    Column,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Row,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from authz.wall.tree_door import in_data_plane
from authz.wall.worker_door import enter_as_worker
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, MasterId, MessageId
from models.messages.tables import MessageChannel, MessageStatus, messages
from models.sending.tables import SendStream
from resolvers.domains.verified import verified_tracking_domains
from resolvers.messages.attachments.read import AttachedFile, read_attached
from resolvers.messages.contents import read_contacts, read_parts
from resolvers.messages.delivery.claimed import Claimed, ClaimedMessage, SigningKey, TemplateSender
from resolvers.messages.delivery.excluded_since import without_excluded
from resolvers.messages.delivery.held import HeldCampaign, held_campaigns, is_free
from resolvers.messages.delivery.turn import accounts_in_turn, cancel_of_closed
from resolvers.messages.queue import HELD_FOR
from resolvers.messages.signing_keys import Origin, origin_of, read_signing_keys
from resolvers.messages.sources import source_of_message
from resolvers.reputation.held import HeldSource, count_backlog, read_held, waits_for
from resolvers.review.policy import ReviewPolicy
from resolvers.settings.in_force import all_of, effective, rows_in_force
from resolvers.templates.parts import Parts
from resolvers.templates.variables import Values, account_values

AT_ONCE = 10
"""Messages that are claimed, handed over and settled together: what a worker that dies leaves in doubt."""

_LOOKED_AT = 4 * AT_ONCE
"""Messages of a stream. So many workers of one tree find something at the same moment."""

_RANKS = {SendStream.TRANSACTIONAL.value: 0, SendStream.MARKETING.value: 1}
"""Which streams go first."""

_LEFT = "A worker that had claimed it died. Nobody knows whether it was handed over."


async def claim_messages(
    session: WriteSession, master_id: MasterId, review: ReviewPolicy, channels: Collection[MessageChannel]
) -> Claimed | None:
    """Claim some of the tree's messages of these channels that are due, transactional ones first. Messages of
    accounts and sources that may not send, and of campaigns that are held, wait; those of closed accounts are
    canceled. None: nothing is due in the tree."""
    if not await enter_as_worker(session, master_id):
        return None
    turn = await accounts_in_turn(session, master_id, review)
    await cancel_of_closed(session, master_id, turn.closed)
    if not turn.active:
        return Claimed(master_id, turn.closed, turn.held, [], is_last=True)
    held = await read_held(session, master_id, turn.active, lock=True)
    campaigns = await held_campaigns(session, master_id, turn.active)
    async with in_data_plane(session, AccountKey(master_id, turn.active[0])):
        await _find_left(session, master_id, turn.active)
        rows, of_trials = await _claim_allowed(session, master_id, turn.active, channels, held, campaigns)
    for source, number in of_trials:
        await count_backlog(session, master_id, source, number)
    remaining = await without_excluded(session, master_id, rows)
    looked_at = [*turn.active, *turn.closed]
    if not remaining:
        return Claimed(master_id, looked_at, turn.held, [], is_last=not rows)
    around = await _around(session, master_id, remaining)
    return Claimed(master_id, looked_at, turn.held, [_read(row, around) for row in remaining])


@dataclass(frozen=True)
class _Around:
    """What the messages of a batch are made with."""

    parts: Mapping[uuid.UUID, Parts]
    attached: Mapping[uuid.UUID, Sequence[AttachedFile]]
    contacts: Mapping[uuid.UUID, Values]
    senders: Mapping[AccountId, TemplateSender]
    keys: Mapping[Origin, SigningKey]
    tracking_domains: Mapping[AccountId, str]


async def _around(session: WriteSession, master_id: MasterId, rows: Sequence[Row[Any]]) -> _Around:
    async with in_data_plane(session, AccountKey(master_id, rows[0].account_id)):
        parts = await read_parts(session, master_id, rows)
        attached = await read_attached(session, master_id, rows)
        contacts = await read_contacts(session, master_id, rows)
    by_template = {AccountId(row.account_id) for row in rows if row.version_id is not None}
    senders = {id_: await _sender(session, AccountKey(master_id, id_)) for id_ in sorted(by_template)}
    origins = {origin for origin in map(_origin, rows) if origin is not None}
    keys = await read_signing_keys(session, master_id, origins)
    tracking = await verified_tracking_domains(
        session, master_id, sorted({AccountId(row.account_id) for row in rows})
    )
    return _Around(parts, attached, contacts, senders, keys, tracking)


async def _find_left(session: WriteSession, master_id: MasterId, ids: Sequence[AccountId]) -> None:
    """Messages whose worker died are doubtful."""
    oldest = datetime.datetime.now(datetime.UTC) - HELD_FOR
    await _FIND_LEFT.send(session, {"tree": master_id, "ids": list(ids), "oldest": oldest})


_FIND_LEFT = FixedStatement(
    update(messages)
    .where(
        messages.c.master_id == bindparam("tree", type_=Uuid()),
        messages.c.account_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        messages.c.status == MessageStatus.CLAIMED.value,
        messages.c.claimed_at < bindparam("oldest", type_=DateTime(timezone=True)),
    )
    .values(status=MessageStatus.DOUBTFUL.value, settled_at=func.now(), answer=_LEFT)
)


async def _claim_allowed(
    session: WriteSession,
    master_id: MasterId,
    ids: Sequence[AccountId],
    channels: Collection[MessageChannel],
    held: Sequence[HeldSource],
    campaigns: Sequence[HeldCampaign],
) -> tuple[Sequence[Row[Any]], Sequence[tuple[HeldSource, int]]]:
    """What does not wait for a source, and then what trials let out of their backlog."""
    due = {"tree": master_id, "channels": [channel.value for channel in channels]}
    if not held and not campaigns:
        return await _claim(session, _CLAIMING, due | {"ids": list(ids), "most": AT_ONCE}), ()

    def goes_on(message: FromClause) -> ColumnElement[bool]:
        return and_(~waits_for(message, held), is_free(message, campaigns))

    rows = list(await _claim(session, _claiming(goes_on), due | {"ids": list(ids), "most": AT_ONCE}))
    of_trials: list[tuple[HeldSource, int]] = []
    for source in held:
        most = min(source.left, AT_ONCE - len(rows))
        if most > 0:
            of_source = due | {"ids": [source.key.account_id], "most": most}
            only = functools.partial(_of_trial, source=source, campaigns=campaigns)
            backlog = await _claim(session, _claiming(only), of_source)
            of_trials.append((source, sum(row.attempts == 1 for row in backlog)))
            rows += backlog
    return rows, of_trials


def _of_trial(
    message: FromClause, *, source: HeldSource, campaigns: Sequence[HeldCampaign]
) -> ColumnElement[bool]:
    return and_(waits_for(message, [source]), is_free(message, campaigns))


async def _claim(
    session: WriteSession, statement: ReturningUpdate[Any], named: Mapping[str, object]
) -> Sequence[Row[Any]]:
    """The transactional ones first."""
    rows = (await session.execute(statement, named)).all()
    return sorted(rows, key=lambda row: (_RANKS[row.stream], row.due_at, row.id))


def _first(condition: Callable[[FromClause], ColumnElement[bool]]) -> CTE:
    """The messages that go first, more than are claimed: other workers may hold some. Of each account an
    index gives its first ones of a stream, however many wait behind them."""
    account = func.unnest(bindparam("ids", type_=ARRAY(Uuid))).table_valued(Column("id", Uuid))
    of = account.render_derived("account")
    names, ranks = literal(list(_RANKS), ARRAY(Text)), literal(list(_RANKS.values()), ARRAY(Integer))
    given = func.unnest(names, ranks).table_valued(Column("name", Text), Column("rank", Integer))
    stream = given.render_derived("stream")
    due = messages.alias("due")
    of_account = (
        select(due.c.id, due.c.due_at)
        .where(
            due.c.master_id == bindparam("tree", type_=Uuid()),
            due.c.account_id == of.c.id,
            due.c.stream == stream.c.name,
            due.c.status == MessageStatus.WAITING.value,
            due.c.due_at <= func.now(),
            due.c.channel == any_(bindparam("channels", type_=ARRAY(Text))),
            condition(due),
        )
        .order_by(due.c.due_at, due.c.id)
        .limit(_LOOKED_AT)
        .lateral("of_account")
    )
    return (
        select(of.c.id.label("account_id"), of_account.c.id, of_account.c.due_at, stream.c.rank)
        .select_from(of.join(stream, true()).join(of_account, true()))
        .order_by(stream.c.rank, of_account.c.due_at, of_account.c.id)
        .limit(len(_RANKS) * _LOOKED_AT)
        .cte("first")
    )


def _claiming(condition: Callable[[FromClause], ColumnElement[bool]]) -> ReturningUpdate[Any]:
    """Of messages that meet it. The values are named."""
    free, message, first = messages.alias("free"), messages.c, _first(condition)
    tree = bindparam("tree", type_=Uuid())
    some = (
        select(free.c.account_id, free.c.id)
        .select_from(free.join(first, and_(free.c.account_id == first.c.account_id, free.c.id == first.c.id)))
        .where(free.c.master_id == tree, free.c.status == MessageStatus.WAITING.value)
        .order_by(first.c.rank, first.c.due_at, first.c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(of=free, skip_locked=True)
        .cte("some")
    )
    return (
        update(messages)
        .where(message.master_id == tree, message.account_id == some.c.account_id, message.id == some.c.id)
        .values(status=MessageStatus.CLAIMED.value, claimed_at=func.now(), attempts=message.attempts + 1)
        .returning(*message)
    )


_CLAIMING = _claiming(lambda _: true())
"""Where nothing is held, as mostly. It is made once."""


async def _sender(session: WriteSession, account: AccountKey) -> TemplateSender:
    rows = await rows_in_force(session, account)
    settings = effective(all_of(rows))
    return TemplateSender(account_values(rows[0]["account_name"], settings), settings.field_functions)


def _read(row: Row[Any], around: _Around) -> ClaimedMessage:
    is_template = row.version_id is not None
    account_id = AccountId(row.account_id)
    return ClaimedMessage(
        master_id=MasterId(row.master_id),
        account_id=account_id,
        id=MessageId(row.id),
        claimed_at=row.claimed_at,
        expires_at=row.expires_at,
        attempts=row.attempts,
        stream=SendStream(row.stream),
        source=source_of_message(row),
        is_test=row.is_test,
        recipient=row.recipient,
        canonical=row.recipient_canonical,
        from_address=row.sender,
        from_name=row.sender_name,
        reply_to=row.reply_to,
        headers=row.headers or {},
        variables=row.variables or {},
        contact=around.contacts.get(row.contact_id),
        sender=around.senders[account_id] if is_template else None,
        signing_key=None if (origin := _origin(row)) is None else around.keys.get(origin),
        tracking_domain=around.tracking_domains.get(account_id),
        sends=row.sends,
        parts=around.parts[row.version_id if is_template else row.body_id],
        attachments=around.attached.get(row.id, ()),
    )


def _origin(row: Row[Any]) -> Origin | None:
    """None: it is no e-mail."""
    is_email = row.channel == MessageChannel.EMAIL.value
    return origin_of(AccountId(row.account_id), row.sender) if is_email else None
