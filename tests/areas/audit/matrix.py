"""The rows of the matrix for the log."""

from sqlalchemy import select

from models.base.ids import Kind, parse
from models.effects.events import events
from resolvers.audit.order import cursor
from resolvers.effects.event_types import EventType
from tests.authz.matrix.matrix_callers import MANAGERS, Stage
from tests.authz.matrix.matrix_rows import NodeOf, Subscription, Values
from tests.equality.drawn import rows

ACCOUNT_FIELDS = {
    "events": ("AUDIT_READ", MANAGERS),
    "eventProof": ("AUDIT_READ", MANAGERS),
}


async def _event(stage: Stage) -> str:
    actor = stage.members["administrator"].person
    return await rows.event(stage.world, stage.account, EventType.ACCOUNT_UPDATED, actor)


async def _two_events(stage: Stage) -> Values:
    """The first of them is behind the subscriber."""
    first = parse(Kind.EVENT, await _event(stage))
    assert first is not None
    async with stage.world.database.connect() as connection:
        after = await connection.scalar(select(cursor(events)).where(events.c.id == first))
    await _event(stage)
    return {"accountId": stage.account.id, "after": after}


SUBSCRIPTIONS = {
    "events": Subscription("AUDIT_READ", MANAGERS, "{ nodes { id } }", _two_events),
}

NODES = {
    Kind.EVENT: NodeOf(_event, MANAGERS),
}
