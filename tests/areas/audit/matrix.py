"""The rows of the matrix for the log."""

from models.base.ids import Kind
from resolvers.effects.event_types import EventType
from tests.authz.matrix.matrix_callers import MANAGERS, Stage
from tests.authz.matrix.matrix_rows import NodeOf
from tests.equality.drawn import rows

ACCOUNT_FIELDS = {
    "events": ("AUDIT_READ", MANAGERS),
    "eventProof": ("AUDIT_READ", MANAGERS),
}


async def _event(stage: Stage) -> str:
    actor = stage.members["administrator"].person
    return await rows.event(stage.world, stage.account, EventType.ACCOUNT_UPDATED, actor)


NODES = {
    Kind.EVENT: NodeOf(_event, MANAGERS),
}
