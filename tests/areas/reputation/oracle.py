"""The rows of the area `reputation` in the tables that have one for each mutation, table or id."""

from typing import Any

from models.base.ids import Kind
from models.reputation.tables import PlatformState, StateReason
from models.sending.tables import SendStream
from resolvers.reputation.mail_kinds import REPUTATION_CHANGED, REPUTATION_CHANGED_FOR_STAFF
from tests.authz.escalation.statuses import NEEDS_ACTIVE, NOT_ONCE_CLOSED, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import one_each
from tests.storage.tree import Tree
from tests.world.reputation import give_source
from tests.world.world import Account, World

_TOLD = does(
    mails={REPUTATION_CHANGED, REPUTATION_CHANGED_FOR_STAFF},
    limited={Limited.REPUTATION_NOTICES, Limited.REPUTATION_NOTICES_TO_STAFF},
)

CONSEQUENCES = {
    "sendingSourcePause": NO_CONSEQUENCE,
    "sendingSourceResume": NO_CONSEQUENCE,
    "sendingSourceStaffPause": _TOLD,
    "sendingSourceStaffResume": _TOLD,
}


STATUSES = {
    "sendingSourcePause": Row(TAKES_AWAY),
    "sendingSourceResume": Row(NEEDS_ACTIVE),
    "sendingSourceStaffPause": Row(TAKES_AWAY, ("staff_agent",)),
    "sendingSourceStaffResume": Row(NOT_ONCE_CLOSED, ("staff_agent",)),
}


BOUNDS = {"sending_sources": one_each("an account and an API key: one for each stream")}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    source = {"accountId": place.account.id, "stream": "MARKETING", "apiKeyId": None}
    stopped = source | {"stream": "TRANSACTIONAL", "reason": "because"}
    return {
        "sendingSourcePause": source,
        "sendingSourceResume": source,
        "sendingSourceStaffPause": source | {"reason": "because"},
        "sendingSourceStaffResume": stopped,
    }


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """What of the account sends, and one of it stopped by staff."""
    stopped: dict[str, Any] = {
        "platform_state": PlatformState.PAUSED.value,
        "reason": StateReason.STAFF.value,
    }
    await give_source(world, account, SendStream.TRANSACTIONAL, **stopped)
    return {}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_source(world, tree.master)
