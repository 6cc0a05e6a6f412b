"""The rows of the matrix for plans."""

from models.base.ids import Kind
from tests.areas.subscriptions.matrix import PLAN_READERS
from tests.authz.matrix.matrix_callers import NOT_ACCEPTED, Stage
from tests.authz.matrix.matrix_rows import ANYBODY, NodeOf
from tests.world.plans import FREE

ACCOUNT_FIELDS = {
    "subscription": ("PLAN_READ", PLAN_READERS),
    "plans": ("PLAN_READ", PLAN_READERS),
    "nextOwnPlan": ("PLAN_READ", PLAN_READERS),
}


async def _free(stage: Stage) -> str:
    return FREE.id


NODES = {
    Kind.PLAN: NodeOf(_free, ANYBODY - NOT_ACCEPTED),
}
