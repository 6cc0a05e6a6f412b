"""The rows of the matrix for reviews."""

from models.base.ids import Kind
from models.staff.tables import StaffRole
from tests.areas.staff.matrix import STAFF_ALONE
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, MANAGERS, PEOPLE, PROGRAMS, STAFF, Stage
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Values, gated, table
from tests.world.reviews import end_reviews, give_review, have_contact
from tests.world.staff import staff_member


async def _request(stage: Stage) -> Values:
    await end_reviews(stage.world, stage.account)
    await have_contact(stage.world, stage.account)
    return {"accountId": stage.account.id}


async def _checked(stage: Stage) -> Values:
    await end_reviews(stage.world, stage.account)
    checker = await staff_member(stage.world, StaffRole.APPROVER)
    return {"accountId": stage.account.id, "reviewId": await give_review(stage.world, stage.account, checker)}


async def _declined(stage: Stage) -> Values:
    return await _checked(stage) | {"reason": "Bought."}


async def _approved(stage: Stage) -> Values:
    await end_reviews(stage.world, stage.account)
    checker, approver = [await staff_member(stage.world, StaffRole.APPROVER) for _ in range(2)]
    await give_review(stage.world, stage.account, checker, approver)
    return {"accountId": stage.account.id, "reason": "Complaints."}


STAFF_MUTATIONS = {
    "reviewApprove": Mutation(
        None,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            ((PEOPLE | PROGRAMS) - STAFF, "NOT_FOUND"),
            ({"staff_agent"}, "SECOND_PERSON_REQUIRED"),
            ({"staff_approver"}, DONE),
        ),
        _checked,
    ),
    "reviewDecline": Mutation(None, STAFF_ALONE, _declined),
    "reviewRevoke": Mutation(None, STAFF_ALONE, _approved),
}
"""Each has the mark `@staffOnly`."""

MUTATIONS = {
    **STAFF_MUTATIONS,
    "reviewRequest": Mutation("SETTINGS_WRITE", gated("SETTINGS_WRITE", MANAGERS), _request),
}

ACCOUNT_FIELDS = {
    "review": ("SETTINGS_READ", MANAGERS),
    "reviewApproved": ("SETTINGS_READ", MANAGERS),
}


async def _review(stage: Stage) -> str:
    decliner = stage.members["administrator"].person
    return await give_review(stage.world, stage.account, declined_by=decliner)


NODES = {Kind.REVIEW: NodeOf(_review, MANAGERS)}
