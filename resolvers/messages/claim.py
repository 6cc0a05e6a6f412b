"""A worker claims messages of a tree. It commits that before it hands one over, so that no other worker, nor
itself after an accident, ever hands it over again."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, any_, func, literal, select, update

from authz.reach.status import effective_status
from authz.wall.tree_door import in_data_plane
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_tree
from models.base.ids import AccountId, AccountKey, MasterId, MessageId
from models.contacts.tables import contacts
from models.messages.tables import MessageStatus, delivery_queues, message_bodies, messages
from models.templates.tables import template_versions
from resolvers.contacts.attribute_reads import shown_values
from resolvers.messages.held import HeldCampaign, held_campaigns, is_free
from resolvers.messages.queue import HELD_FOR
from resolvers.settings.in_force import all_of, effective, statement_of
from resolvers.templates.parts import Parts
from resolvers.templates.variables import Values, account_values, contact_values

BATCH = 100
"""The most messages of a tree in one turn."""

_MOST_ACCOUNTS = 1_000
"""That are looked at in one turn."""

_LEFT = "A worker that had claimed it died. Nobody knows whether it was handed over."


@dataclass(frozen=True)
class Sender:
    """What templates know of an account: `values` of `account`, and its field functions."""

    values: Values
    functions: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ClaimedMessage:
    """A message to hand over. `sender`: for one that is made from a template."""

    account_id: AccountId
    id: MessageId
    claimed_at: datetime.datetime
    expires_at: datetime.datetime
    attempts: int
    recipient: str
    from_address: str
    from_name: str | None
    reply_to: str | None
    headers: Mapping[str, str]
    variables: Mapping[str, object]
    contact: Values | None
    sender: Sender | None
    parts: Parts


@dataclass(frozen=True)
class Claimed:
    """A batch. `looked_at`: the accounts that it may be of. `held`: those that may not send now."""

    master_id: MasterId
    looked_at: Sequence[AccountId]
    held: Sequence[AccountId]
    messages: Sequence[ClaimedMessage]


async def claim_messages(session: WriteSession, master_id: MasterId) -> Claimed | None:
    """Claim a batch of the tree's messages that are due, transactional ones first. Messages of accounts that
    are not active, and of campaigns that are held, wait. None: nothing is due in the tree."""
    if not await enter_as_worker(session, master_id):
        return None
    active, held = await _accounts(session, master_id)
    if not active:
        return Claimed(master_id, [], held, [])
    waiting = await held_campaigns(session, master_id, active)
    async with in_data_plane(session, AccountKey(master_id, active[0])):
        await _find_left(session, master_id, active)
        rows = await _claim(session, master_id, active, waiting)
        parts = await _parts(session, master_id, rows)
        known = await _contacts(session, master_id, rows)
    by_template = {AccountId(row.account_id) for row in rows if row.version_id is not None}
    senders = {id_: await _sender(session, AccountKey(master_id, id_)) for id_ in sorted(by_template)}
    return Claimed(master_id, active, held, [_read(row, parts, known, senders) for row in rows])


async def _accounts(session: WriteSession, master_id: MasterId) -> tuple[list[AccountId], list[AccountId]]:
    """Those whose queues are due: the active ones, and the others."""
    queue = delivery_queues
    statement = (
        select(queue.c.account_id, effective_status(accounts).label("status"))
        .select_from(queue.join(accounts, in_tree(accounts, queue, id="account_id")))
        .where(queue.c.master_id == master_id, queue.c.due_at <= func.now())
        .order_by(queue.c.due_at, queue.c.account_id)
        .limit(_MOST_ACCOUNTS)
    )
    active: list[AccountId] = []
    held: list[AccountId] = []
    for row in await session.execute(statement):
        (active if row.status == AccountStatus.ACTIVE.value else held).append(AccountId(row.account_id))
    return active, held


async def _find_left(session: WriteSession, master_id: MasterId, ids: Sequence[AccountId]) -> None:
    """Messages whose worker died are doubtful."""
    message = messages.c
    oldest = datetime.datetime.now(datetime.UTC) - HELD_FOR
    await session.send_built(
        update(messages)
        .where(
            message.master_id == master_id,
            message.account_id == any_(literal(list(ids), ARRAY(Uuid))),
            message.status == MessageStatus.CLAIMED.value,
            message.claimed_at < oldest,
        )
        .values(status=MessageStatus.DOUBTFUL.value, settled_at=func.now(), answer=_LEFT)
    )


async def _claim(
    session: WriteSession,
    master_id: MasterId,
    ids: Sequence[AccountId],
    waiting: Sequence[HeldCampaign],
) -> Sequence[Row[Any]]:
    due, message = messages.alias("due"), messages.c
    some = (
        select(due.c.account_id, due.c.id)
        .where(
            due.c.master_id == master_id,
            due.c.account_id == any_(literal(list(ids), ARRAY(Uuid))),
            due.c.status == MessageStatus.WAITING.value,
            due.c.due_at <= func.now(),
            is_free(due, waiting),
        )
        # TRANSACTIONAL comes behind MARKETING.
        .order_by(due.c.stream.desc(), due.c.due_at, due.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .cte("some")
    )
    claimed = (
        update(messages)
        .where(
            message.master_id == master_id, message.account_id == some.c.account_id, message.id == some.c.id
        )
        .values(status=MessageStatus.CLAIMED.value, claimed_at=func.now(), attempts=message.attempts + 1)
        .returning(*message)
    )
    rows = (await session.execute(claimed)).all()
    return sorted(rows, key=lambda row: (row.stream == "MARKETING", row.due_at, row.id))


async def _parts(
    session: WriteSession, master_id: MasterId, rows: Sequence[Row[Any]]
) -> Mapping[uuid.UUID, Parts]:
    """What the messages say, by the id of the version or the body."""
    found: dict[uuid.UUID, Parts] = {}
    for table, column in ((message_bodies, "body_id"), (template_versions, "version_id")):
        named = {(row.account_id, getattr(row, column)) for row in rows if getattr(row, column) is not None}
        if named:
            statement = select(table.c.id, table.c.subject, table.c.text, table.c.html).where(
                table.c.master_id == master_id,
                table.c.account_id == any_(literal(sorted({place for place, _ in named}), ARRAY(Uuid))),
                table.c.id == any_(literal(sorted({id_ for _, id_ in named}), ARRAY(Uuid))),
            )
            for row in await session.execute(statement):
                found[row.id] = Parts(row.subject, row.text, row.html)
    return found


async def _contacts(
    session: WriteSession, master_id: MasterId, rows: Sequence[Row[Any]]
) -> Mapping[uuid.UUID, Values]:
    """What templates know of the recipients that are contacts."""
    named = [row for row in rows if row.contact_id is not None and row.version_id is not None]
    if not named:
        return {}
    contact = contacts.alias()
    statement = select(
        contact.c.id,
        contact.c.email,
        contact.c.phone,
        contact.c.external_id,
        shown_values(contact).label("attributes"),
    ).where(
        contact.c.master_id == master_id,
        contact.c.account_id == any_(literal(sorted({row.account_id for row in named}), ARRAY(Uuid))),
        contact.c.id == any_(literal(sorted({row.contact_id for row in named}), ARRAY(Uuid))),
    )
    return {row["id"]: contact_values(dict(row)) for row in (await session.execute(statement)).mappings()}


async def _sender(session: WriteSession, account: AccountKey) -> Sender:
    rows = (await session.execute(statement_of(account))).mappings().all()
    settings = effective(all_of(rows))
    return Sender(account_values(rows[0]["account_name"], settings), settings.field_functions)


def _read(
    row: Row[Any],
    parts: Mapping[uuid.UUID, Parts],
    known: Mapping[uuid.UUID, Values],
    senders: Mapping[AccountId, Sender],
) -> ClaimedMessage:
    is_template = row.version_id is not None
    return ClaimedMessage(
        account_id=AccountId(row.account_id),
        id=MessageId(row.id),
        claimed_at=row.claimed_at,
        expires_at=row.expires_at,
        attempts=row.attempts,
        recipient=row.recipient,
        from_address=row.sender,
        from_name=row.sender_name,
        reply_to=row.reply_to,
        headers=row.headers or {},
        variables=row.variables or {},
        contact=known.get(row.contact_id),
        sender=senders[AccountId(row.account_id)] if is_template else None,
        parts=parts[row.version_id if is_template else row.body_id],
    )
