"""Taking in what a gateway of SMS tells: each item of a request has an outcome of its own.

Whatever was taken in may be told again without harm. So a request of which only a part was stored, because
the database went away, is sent again whole.
"""

import asyncio
import enum
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId
from resolvers.messages.events.answers import Answer, find_answered, take_answer
from resolvers.messages.events.receipts import take_receipts
from server.feedback.sms_items import Item, Malformed, OfNobody, ReceiptItem, read_item

MOST_ITEMS = 1_000
"""Of one request."""


class SmsTakenAs(enum.Enum):
    """What became of an item. Whatever it is, to send it again changes nothing."""

    RECORDED = "It was recorded."
    KNOWN = "It was known before. Nothing was counted again."
    NOTHING = "It says nothing that is recorded. Nothing was changed."
    OF_NOBODY = "It names no SMS of ours, or a number that nobody wrote to from there. Nothing was changed."
    MALFORMED = "It is not well written. Nothing was changed."


@dataclass(frozen=True)
class SmsTaken:
    """`message`: what is wrong with the item."""

    outcome: SmsTakenAs
    message: str | None = None


@dataclass(frozen=True)
class SmsIntake:
    """Of one process."""

    sessions: WriteSessions

    async def take(self, given: Sequence[object]) -> list[SmsTaken]:
        """Record what the items say. Raises what the database raises."""
        items = await asyncio.to_thread(lambda: [read_item(each) for each in given])
        found = await self._receipts(items)
        for index, item in enumerate(items):
            if isinstance(item, Answer):
                found[index] = await self._answer(item)
            elif isinstance(item, Malformed):
                found[index] = SmsTaken(SmsTakenAs.MALFORMED, item.message)
            elif isinstance(item, OfNobody):
                found[index] = SmsTaken(SmsTakenAs.OF_NOBODY)
        return [found.get(index, SmsTaken(SmsTakenAs.NOTHING)) for index in range(len(items))]

    async def _receipts(self, items: Sequence[Item]) -> dict[int, SmsTaken]:
        """Those of an account in one transaction."""
        of: dict[AccountId, list[tuple[int, ReceiptItem]]] = defaultdict(list)
        for index, item in enumerate(items):
            if isinstance(item, ReceiptItem):
                of[item.account_id].append((index, item))
        found: dict[int, SmsTaken] = {}
        for account_id, of_account in of.items():
            async with self.sessions.begin() as session:
                told = await take_receipts(session, account_id, [item.receipt for _, item in of_account])
            found |= {index: _taken(new) for (index, _), new in zip(of_account, told, strict=True)}
        return found

    async def _answer(self, answer: Answer) -> SmsTaken:
        # It may be found in another tree than the first that is looked into.
        async with self.sessions.begin() as session:
            answered = await find_answered(session, answer)
        if answered is None:
            return SmsTaken(SmsTakenAs.OF_NOBODY)
        async with self.sessions.begin() as session:
            return _taken(await take_answer(session, answered, answer))


def _taken(is_new: bool | None) -> SmsTaken:
    if is_new is None:
        return SmsTaken(SmsTakenAs.OF_NOBODY)
    return SmsTaken(SmsTakenAs.RECORDED if is_new else SmsTakenAs.KNOWN)
