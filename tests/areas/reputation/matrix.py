"""The rows of the matrix for sending sources."""

from typing import Any

from models.reputation.tables import CustomerState, PlatformState, StateReason
from tests.areas.staff.matrix import STAFF_ALONE
from tests.areas.subscriptions.matrix import STATISTICS_READERS
from tests.authz.matrix.matrix_callers import MANAGERS, Stage
from tests.authz.matrix.matrix_rows import Mutation, Values, gated
from tests.world.reputation import give_source, let_send

_STOPPED: dict[str, Any] = {"platform_state": PlatformState.PAUSED.value, "reason": StateReason.STAFF.value}


async def _sends(stage: Stage) -> Values:
    await let_send(stage.world, stage.account)
    return {"accountId": stage.account.id, "stream": "MARKETING"}


async def _paused(stage: Stage) -> Values:
    values = await _sends(stage)
    await give_source(stage.world, stage.account, customer_state=CustomerState.PAUSED.value)
    return values


async def _to_stop(stage: Stage) -> Values:
    return await _sends(stage) | {"reason": "Phishing."}


async def _stopped(stage: Stage) -> Values:
    values = await _to_stop(stage)
    await give_source(stage.world, stage.account, **_STOPPED)
    return values


STAFF_MUTATIONS = {
    "sendingSourceStaffPause": Mutation(None, STAFF_ALONE, _to_stop),
    "sendingSourceStaffResume": Mutation(None, STAFF_ALONE, _stopped),
}
"""Each has the mark `@staffOnly`."""

_BY = gated("SETTINGS_WRITE", MANAGERS)

MUTATIONS = {
    **STAFF_MUTATIONS,
    "sendingSourcePause": Mutation("SETTINGS_WRITE", _BY, _sends),
    "sendingSourceResume": Mutation("SETTINGS_WRITE", _BY, _paused),
}

ACCOUNT_FIELDS = {"sendingSources": ("STATISTICS_READ", STATISTICS_READERS)}
