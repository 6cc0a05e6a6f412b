"""The accounts of a tree whose messages are due, and which of them may send."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, Select, Uuid, any_, bindparam, func, literal, select, true, update

from authz.reach.status import effective_status
from authz.wall.tree_door import in_data_plane
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_tree
from models.base.ids import AccountId, AccountKey, MasterId
from models.messages.tables import MessageStatus, delivery_queues, messages
from resolvers.review.policy import ReviewPolicy
from resolvers.review.reads import approved_of

_MOST_ACCOUNTS = 1_000
_MOST_CANCELED = 10_000
"""In one turn."""

_CLOSED = "The account was closed."


@dataclass(frozen=True)
class Turn:
    """`active`: they may send. `held`: they may not at present. `closed`: they never will."""

    active: list[AccountId] = field(default_factory=list)
    held: list[AccountId] = field(default_factory=list)
    closed: list[AccountId] = field(default_factory=list)


async def accounts_in_turn(session: WriteSession, master_id: MasterId, review: ReviewPolicy) -> Turn:
    """Those whose messages have waited longest. The caller has entered the tree."""
    turn = Turn()
    for row in await _IN_TURN[review].rows(session, {"tree": master_id}):
        is_active = row.status == AccountStatus.ACTIVE.value and row.is_approved
        is_closed = row.status == AccountStatus.CLOSED.value
        place = turn.closed if is_closed else turn.active if is_active else turn.held
        place.append(AccountId(row.account_id))
    return turn


def _in_turn(review: ReviewPolicy) -> Select[Any]:
    queue = delivery_queues
    is_approved = true() if review is ReviewPolicy.OFF else approved_of(accounts)
    return (
        select(
            queue.c.account_id,
            effective_status(accounts).label("status"),
            is_approved.label("is_approved"),
        )
        .select_from(queue.join(accounts, in_tree(accounts, queue, id="account_id")))
        .where(queue.c.master_id == bindparam("tree", type_=Uuid()), queue.c.due_at <= func.now())
        .order_by(queue.c.due_at, queue.c.account_id)
        .limit(_MOST_ACCOUNTS)
    )


_IN_TURN = {review: FixedStatement(_in_turn(review)) for review in ReviewPolicy}


async def cancel_of_closed(session: WriteSession, master_id: MasterId, closed: Sequence[AccountId]) -> None:
    """Cancel messages that wait in accounts that were closed, as many as one turn may."""
    if not closed:
        return
    message, waiting = messages.c, messages.alias("waiting")
    some = (
        select(waiting.c.account_id, waiting.c.id)
        .where(
            waiting.c.master_id == master_id,
            waiting.c.account_id == any_(literal(list(closed), ARRAY(Uuid))),
            waiting.c.status == MessageStatus.WAITING.value,
        )
        .limit(_MOST_CANCELED)
        .with_for_update(skip_locked=True)
        .cte("some")
    )
    async with in_data_plane(session, AccountKey(master_id, closed[0])):
        await session.send_built(
            update(messages)
            .where(
                message.master_id == master_id,
                message.account_id == some.c.account_id,
                message.id == some.c.id,
            )
            .values(status=MessageStatus.CANCELED.value, settled_at=func.now(), answer=_CLOSED)
        )
