"""The rows of the area `staff` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from models.staff.overrides import OverrideKind
from tests.authz.escalation.statuses import NEEDS_ACTIVE, NOT_ONCE_CLOSED, TAKES_AWAY, Inactive, Row
from tests.authz.rules.consequences import ACCESS_OF_OTHERS, NO_CONSEQUENCE
from tests.bad_input.place import Place
from tests.bad_input.values import Input, next_year
from tests.storage.growth import Bound, Growth, kept
from tests.storage.tree import Tree
from tests.world.staff import ask_for_subaccounts, set_override
from tests.world.world import World

CONSEQUENCES = {
    "subaccountsRequest": NO_CONSEQUENCE,
    "subaccountsRequestWithdraw": NO_CONSEQUENCE,
    "overrideCreate": ACCESS_OF_OTHERS,
    "overrideApprove": NO_CONSEQUENCE,
    "overrideEnd": ACCESS_OF_OTHERS,
    "subaccountsRequestDecline": NO_CONSEQUENCE,
    # The matrix's master account has no owner to tell.
    "accountStaffSuspend": NO_CONSEQUENCE,
    "accountStaffResume": NO_CONSEQUENCE,
}


STATUSES = {
    "subaccountsRequest": Row(NEEDS_ACTIVE),
    "overrideCreate": Row(NOT_ONCE_CLOSED, ("staff_agent",)),
    "overrideApprove": Row(NOT_ONCE_CLOSED, ("staff_approver",)),
    "overrideEnd": Row(TAKES_AWAY, ("staff_agent",)),
    "subaccountsRequestDecline": Row(TAKES_AWAY, ("staff_agent",)),
    "subaccountsRequestWithdraw": Row(TAKES_AWAY),
    # It is about the master account above.
    "accountStaffSuspend": Row(TAKES_AWAY, ("staff_agent",), unchanged=frozenset({Inactive.BELOW_SUSPENDED})),
    "accountStaffResume": Row(TAKES_AWAY, ("staff_agent",)),
}


BOUNDS = {
    "overrides": kept("what staff granted, and why"),
    "staff": Bound(Growth.FIXED, "the operator's people"),
    "staff_changes": Bound(Growth.FIXED, "the operator's people, in the past"),
    "subaccounts_requests": kept("what was asked of staff, and the answer; one at a time is open"),
}


REMOVES = {
    "overrideEnd": "override.id",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    because = {"accountId": place.account.id, "reason": "because"}
    override = {"accountId": place.account.id, "overrideId": place.override.id}
    return {
        "subaccountsRequest": account | because,
        "subaccountsRequestDecline": account | because,
        "subaccountsRequestWithdraw": account,
        "accountStaffSuspend": {"accountId": place.master.id, "reason": "because"},
        "accountStaffResume": {"accountId": place.master.id, "reason": "because"},
        "overrideCreate": account
        | because
        | {"kind": "SENDING_DOMAINS", "sendingDomains": 2, "expiresAt": next_year()}
        | {"unsubscribeScope": None, "fieldFunctions": None, "memberId": None, "permissions": None},
        "overrideApprove": override,
        "overrideEnd": override | because,
    }


ID_FIELDS = {
    "overrideId": Kind.OVERRIDE,
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await set_override(world, tree.master, OverrideKind.SENDING_DOMAINS, tree.owner.person)
    await ask_for_subaccounts(world, tree.master)
