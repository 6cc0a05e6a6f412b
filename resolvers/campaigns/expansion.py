"""The messages of a campaign, written slice by slice in the order of its list of recipients.

How far it is, is committed with each slice, and a recipient's message has the same id whenever it is written.
So a worker that dies leaves whole slices, and no recipient ever gets two messages.
"""

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    LargeBinary,
    Text,
    Uuid,
    any_,
    false,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, in_tree
from models.contacts.tables import contact_list_members, contacts
from models.messages.tables import MessageChannel, MessageStatus, messages
from models.sending.recipient_lists import recipient_list_parts
from models.sending.tables import SendStream
from resolvers.campaigns.audience import DIGESTS
from resolvers.campaigns.pace import Slice
from resolvers.campaigns.recipients import counted_by_recipients
from resolvers.campaigns.store import Campaign, write_campaign
from resolvers.inputs.address_digests import ContactDigest
from resolvers.messages.queue import note_due
from resolvers.messages.store import TRIED_FOR
from resolvers.sending.address_hash import Recipients
from resolvers.sending.left_out import WritingPlanes, find_left_out
from resolvers.sending.lists.contact_lists import PART
from resolvers.sending.senders import read_sender
from resolvers.statistics.count import count, note_counted


def message_id(first: uuid.UUID, place: int) -> uuid.UUID:
    """The id of the message to the recipient at this place of the list."""
    return uuid.UUID(int=first.int + place)


async def write_slice(
    session: WriteSession, campaign: Campaign, slice_: Slice, now: datetime.datetime
) -> None:
    """Write the next messages: to nobody who is excluded by now, or whose contact was deleted."""
    account, row = campaign.account, campaign.row
    digests = await _next_digests(session, campaign, slice_.most)
    sender = await read_sender(session, account, row.contact_list_ids)
    planes, given = WritingPlanes(session, sender), Recipients(digests=digests)
    excluded = (await find_left_out(planes, sender, SendStream.MARKETING, given)).causes
    left = [(place, digest) for place, digest in enumerate(digests, row.reached) if digest not in excluded]
    written = 0
    async with in_data_plane(session, account):
        if left:
            dues = [slice_.due(number) for number in range(len(left))]
            ids = [message_id(row.first_message_id, place) for place, _ in left]
            written = await _insert(session, campaign, ids, [digest for _, digest in left], dues)
        counted = await counted_by_recipients(session, campaign, digests)
        await count(session, account, counted)
    reached = row.reached + len(digests)
    await write_campaign(
        session,
        account,
        campaign.id,
        reached=reached,
        messages=row.messages + written,
        next_at=slice_.due(len(left)),
        work_due_at=now,
    )
    if reached >= row.recipients:
        await end_list(session, campaign)
    if written:
        await note_due(session, account, slice_.first)
    if counted:
        await note_counted(session, account)


async def end_list(session: WriteSession, campaign: Campaign) -> None:
    """Delete the list of recipients of a campaign that does not need it any more."""
    tree, campaign_id = literal(campaign.account.master_id, Uuid), literal(campaign.id, Uuid)
    await session.send_call(func.mandant_forget_recipients(tree, campaign_id))


async def _next_digests(session: WriteSession, campaign: Campaign, most: int) -> list[ContactDigest]:
    part, row = recipient_list_parts.c, campaign.row
    first, last = row.reached // PART, (row.reached + most - 1) // PART
    statement = (
        select(part.digests)
        .where(
            part.master_id == campaign.account.master_id,
            part.list_id == row.recipient_list_id,
            part.part >= first,
            part.part <= last,
        )
        .order_by(part.part)
    )
    found = [digest for digests in (await session.execute(statement)).scalars() for digest in digests]
    skipped = row.reached - first * PART
    return found[skipped : skipped + most]


async def _insert(
    session: WriteSession,
    campaign: Campaign,
    ids: Sequence[uuid.UUID],
    digests: Sequence[bytes],
    dues: Sequence[datetime.datetime],
) -> int:
    account, row, contact = campaign.account, campaign.row, contacts.alias()
    channel, digest = campaign.content.channel, contact.c[DIGESTS[campaign.content.channel]]
    address = "email" if channel is MessageChannel.EMAIL else "phone"
    given = (
        func.unnest(
            literal(list(ids), ARRAY(Uuid)),
            literal(list(digests), ARRAY(LargeBinary)),
            literal(list(dues), ARRAY(DateTime(timezone=True))),
        )
        .table_valued("id", "digest", "due_at")
        .render_derived("given")
    )
    values: dict[str, Any] = {
        **{name: literal(value, Uuid) for name, value in columns_of(account).items()},
        "id": given.c.id,
        "channel": literal(channel.value),
        "stream": literal(SendStream.MARKETING.value),
        "label": literal(row.label, messages.c.label.type),
        "compared_label": literal(row.compared_label, Text),
        "campaign_id": literal(campaign.id, Uuid),
        "contact_list_id": _list_of(campaign, contact),
        "is_test": false(),
        "recipient": contact.c[address],
        "recipient_canonical": contact.c[f"{address}_canonical"],
        "recipient_digest": digest,
        "contact_id": contact.c.id,
        "version_id": literal(row.version_id, Uuid),
        "sender": literal(row.sender),
        "sender_name": literal(row.sender_name, messages.c.sender_name.type),
        "status": literal(MessageStatus.WAITING.value),
        "due_at": given.c.due_at,
        "expires_at": given.c.due_at + literal(TRIED_FOR),
        "attempts": literal(0),
        "sends": literal(campaign.content.sends_each),
    }
    joined = given.join(contact, digest == given.c.digest)
    rows = select(*values.values()).select_from(joined).where(in_account(contact, account))
    inserting = upsert(messages).from_select(list(values), rows).on_conflict_do_nothing()
    result = await session.execute(inserting.execution_options(preserve_rowcount=True))
    return int(result.rowcount)


def _list_of(campaign: Campaign, contact: Any) -> ColumnElement[Any]:
    """The first list of the audience that the contact is in."""
    lists = campaign.row.contact_list_ids
    if not lists:
        return null().cast(Uuid)
    if len(lists) == 1:
        return literal(lists[0], Uuid)
    member, wanted = contact_list_members.alias(), literal(list(lists), ARRAY(Uuid))
    return (
        select(member.c.contact_list_id)
        .where(
            in_account(member, campaign.account),
            in_tree(member, contact, account_id="account_id", contact_id="id"),
            member.c.contact_list_id == any_(wanted),
        )
        .order_by(func.array_position(wanted, member.c.contact_list_id))
        .limit(1)
        .correlate(contact)
        .scalar_subquery()
    )
