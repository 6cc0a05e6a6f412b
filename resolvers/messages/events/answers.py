"""What people answer to SMS: that they want no more of them, or again some.

An answer names nothing but a number and whom it was sent to. So it goes to the account that wrote to the
number last from there, whatever tree it is in.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from authz.callers.actors import PLATFORM
from authz.guards.exclusive import without_rights
from authz.wall.feedback_door import accounts_of_sms_sender, enter_for_feedback
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, MasterId
from models.messages.events import MessageEventKind
from models.messages.tables import MessageChannel, MessageStatus, messages
from models.sending.tables import SendStream
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.messages.events.sent import find_messages
from resolvers.messages.events.store import SentEvent
from resolvers.messages.events.take import take_events
from resolvers.messages.sms_words import Wish
from resolvers.sealing.keyring import no_keyring
from resolvers.suppressions.resubscribe import lift_before

_HANDED_OVER = (MessageStatus.CLAIMED, MessageStatus.SENT, MessageStatus.DOUBTFUL)
"""A person may answer before the worker has written down that the message is sent."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`number`: of the person, in canonical form. `sender`: whom the answer went to, as messages have it.
    `word`: what it says, folded."""

    number: str
    sender: str
    wish: Wish
    word: str
    happened_at: datetime.datetime


@dataclass(frozen=True)
class Answered:
    """The message that a person answers. `at`: when it was handed over."""

    account_id: AccountId
    message_id: uuid.UUID
    is_marketing: bool
    at: datetime.datetime


async def find_answered(session: WriteSession, answer: Answer) -> Answered | None:
    """The last marketing message to the number from there; where there is none, the last one at all. None:
    nobody has written to the number from there."""
    by_tree: dict[MasterId, list[AccountId]] = defaultdict(list)
    for account in await accounts_of_sms_sender(session, answer.sender):
        by_tree[account.master_id].append(account.account_id)
    latest = [await _latest(session, accounts, answer) for accounts in by_tree.values()]
    known = [each for each in latest if each is not None]
    return max(known, key=lambda each: (each.is_marketing, each.at), default=None)


async def _latest(session: WriteSession, accounts: Sequence[AccountId], answer: Answer) -> Answered | None:
    """Of accounts of one tree."""
    tree = await enter_for_feedback(session, accounts[0])
    if tree is None:
        return None
    message = messages.c
    is_marketing = (message.stream == SendStream.MARKETING.value).label("is_marketing")
    statement = (
        select(message.account_id, message.id, is_marketing, message.claimed_at)
        .where(
            message.master_id == tree.master_id,
            message.account_id == any_(literal(list(accounts), ARRAY(Uuid))),
            message.recipient_canonical == answer.number,
            message.sender == answer.sender,
            message.channel == MessageChannel.SMS.value,
            message.status.in_([status.value for status in _HANDED_OVER]),
            message.is_test.is_(False),
        )
        .order_by(is_marketing.desc(), message.claimed_at.desc())
        .limit(1)
    )
    async with in_data_plane(session, tree):
        row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    return Answered(AccountId(row.account_id), row.id, row.is_marketing, row.claimed_at)


async def take_answer(session: WriteSession, answered: Answered, answer: Answer) -> bool | None:
    """Do what the person wants, in the account that wrote. Whether it is new; None: the message is gone."""
    account = await enter_for_feedback(session, answered.account_id)
    if account is None:
        return None
    async with in_data_plane(session, account):
        sent = (await find_messages(session, account, {answered.message_id})).get(answered.message_id)
    if sent is None or sent.recipient is None:
        return None
    if answer.wish is Wish.COME_BACK:
        return await _come_back(session, account, sent.recipient.digest, answer)
    event = SentEvent(sent=sent, kind=MessageEventKind.UNSUBSCRIBE, happened_at=answer.happened_at)
    (is_new,) = await take_events(session, account, [event], no_keyring, PLATFORM)
    return is_new


async def _come_back(session: WriteSession, account: AccountKey, digest: bytes, answer: Answer) -> bool:
    """Only what the person has said itself is lifted: no block, and no bounce."""
    evidence = f"The recipient answered {answer.word} by SMS."
    async with in_data_plane(session, account):
        lifted = await lift_before(session, account, digest, answer.happened_at, evidence)
    if lifted:
        before = {"unsubscribes": lifted}
        of = without_rights(account)
        await record_of_account(session, PLATFORM, of, EventType.CONTACT_RESUBSCRIBED, {**before})
    return lifted > 0
