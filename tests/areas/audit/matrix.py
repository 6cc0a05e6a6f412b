"""The rows of the matrix for the log."""

from models.base.ids import Kind
from resolvers.effects.event_kinds import EventKind
from tests.authz.matrix.matrix_callers import MANAGERS, Stage
from tests.authz.matrix.matrix_rows import NodeOf
from tests.equality.drawn import rows

ACCOUNT_FIELDS = {
    "events": ("AUDIT_READ", MANAGERS),
}


async def _event(stage: Stage) -> str:
    actor = stage.members["administrator"].person
    return await rows.event(stage.world, stage.account, EventKind.ACCOUNT_UPDATED, actor)


NODES = {
    Kind.EVENT: NodeOf(_event, MANAGERS),
}
