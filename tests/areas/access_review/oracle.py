"""The rows of the area `access_review` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from resolvers.access_review.mail_kinds import ACCESS_REVIEW_ASKED
from tests.areas.access_review.giving import give_access_review
from tests.areas.access_review.matrix import in_ten_days
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import ACCESS_OF_OTHERS, NO_CONSEQUENCE, Access, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import kept
from tests.storage.tree import Tree
from tests.world.world import Account, World

CONSEQUENCES = {
    "accessReviewStart": does(
        access=Access.OTHERS, mails={ACCESS_REVIEW_ASKED}, limited={Limited.ACCESS_REVIEW_NOTICES}
    ),
    "accessReviewCancel": NO_CONSEQUENCE,
    "accessReviewItemConfirm": NO_CONSEQUENCE,
    "accessReviewItemEnd": ACCESS_OF_OTHERS,
}


STATUSES = {
    "accessReviewStart": Row(NEEDS_ACTIVE, ("owner",)),
    "accessReviewCancel": Row(TAKES_AWAY, ("owner",)),
    "accessReviewItemConfirm": Row(TAKES_AWAY, ("owner",)),
    "accessReviewItemEnd": Row(TAKES_AWAY, ("owner",)),
}


BOUNDS = {
    "access_reviews": kept("what was asked and when; an account has one open review at most"),
    "access_review_items": kept("what was answered about whom, at most 1,000 for a review"),
}


REMOVES = {
    "accessReviewItemEnd": "accessReviewItem.id",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    item = {"accessReviewItemId": place.objects[Kind.ACCESS_REVIEW_ITEM]}
    return {
        "accessReviewStart": {"accountId": place.account.id, "endsAt": in_ten_days()},
        "accessReviewCancel": {"accessReviewId": place.objects[Kind.ACCESS_REVIEW]},
        "accessReviewItemConfirm": item,
        "accessReviewItemEnd": item,
    }


ID_FIELDS = {
    "accessReviewId": Kind.ACCESS_REVIEW,
    "accessReviewItemId": Kind.ACCESS_REVIEW_ITEM,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    given = await give_access_review(world, account)
    return {Kind.ACCESS_REVIEW: given.id, Kind.ACCESS_REVIEW_ITEM: given.item_id}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_access_review(world, tree.master)
