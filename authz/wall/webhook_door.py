"""How workers get into the tree of a webhook.

A worker takes webhooks of all trees that have something to be delivered, each for a minute. While it has one,
a stored function lets its transactions into this tree, and into no other.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Integer, Uuid, func, literal, select

from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, WebhookId


@dataclass(frozen=True)
class TakenWebhook:
    """A webhook that a worker is at work on. `lease`: the worker's own; no other has it."""

    master_id: MasterId
    id: WebhookId
    lease: uuid.UUID


async def take_webhooks(
    session: WriteSession, lease: uuid.UUID, most: int, most_of_a_tree: int, *, failing: bool
) -> list[TakenWebhook]:
    """Take up to so many webhooks that have something to be delivered and that no worker is at work on.

    `failing`: those whose last round failed, or those whose last round did not.
    """
    found = func.mandant_take_webhooks(
        literal(lease, Uuid),
        literal(most, Integer),
        literal(most_of_a_tree, Integer),
        literal(failing, Boolean),
    )
    columns = found.table_valued(Column("tree", Uuid), Column("webhook", Uuid)).c
    rows = await session.execute(select(columns.tree, columns.webhook))
    return [TakenWebhook(MasterId(row.tree), WebhookId(row.webhook), lease) for row in rows]


async def enter_for_webhook(session: WriteSession, taken: TakenWebhook) -> bool:
    """Show the webhook's tree to the rest of the transaction. False, and nothing is shown, where the worker's
    time has passed: another one may be at work on it."""
    entering = func.mandant_enter_for_webhook(
        literal(taken.master_id, Uuid), literal(taken.id, Uuid), literal(taken.lease, Uuid)
    )
    return bool((await session.execute(select(entering))).scalar_one())
