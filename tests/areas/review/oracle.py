"""The rows of the area `review` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from models.staff.overrides import OverrideKind
from models.staff.tables import StaffRole
from resolvers.review.mail_kinds import REVIEW_DECIDED
from tests.authz.escalation.statuses import NEEDS_ACTIVE, NOT_ONCE_CLOSED, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import deleted, kept
from tests.storage.tree import Tree
from tests.world.contacts import give_contact
from tests.world.reviews import give_review
from tests.world.staff import set_override, staff_member
from tests.world.world import Account, World

_DECIDED = does(mails={REVIEW_DECIDED}, limited={Limited.REVIEW_NOTICES})

CONSEQUENCES = {
    "reviewRequest": NO_CONSEQUENCE,
    "reviewApprove": _DECIDED,
    "reviewDecline": _DECIDED,
    "reviewRevoke": _DECIDED,
}


STATUSES = {
    "reviewRequest": Row(NEEDS_ACTIVE),
    "reviewApprove": Row(NOT_ONCE_CLOSED, ("staff_approver",)),
    "reviewDecline": Row(TAKES_AWAY, ("staff_agent",)),
    "reviewRevoke": Row(TAKES_AWAY, ("staff_agent",)),
}


REMOVES = {"reviewRevoke": "review.id"}


BOUNDS = {
    "reviews": kept("what staff decided about an account, and why; one at a time is open or approved"),
    "review_samples": deleted("what staff looked at, 30 days after the decision"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    in_master = {"accountId": place.master.id}
    review = account | {"reviewId": place.objects[Kind.REVIEW]}
    return {
        "reviewRequest": in_master,
        "reviewApprove": review,
        "reviewDecline": review | {"reason": "because"},
        "reviewRevoke": in_master | {"reason": "because"},
    }


ID_FIELDS = {"reviewId": Kind.REVIEW}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has. The master account, in which nothing is open, has what
    can be reviewed, and was approved without it."""
    master = Account(account.master, account.master, "Master", ())
    await give_contact(world, master, "ada@example.com")
    maker, approver = [await staff_member(world, StaffRole.APPROVER) for _ in range(2)]
    await set_override(world, master, OverrideKind.REVIEW_APPROVED, maker, approver=approver)
    return {Kind.REVIEW: await give_review(world, account)}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_review(world, tree.master)
