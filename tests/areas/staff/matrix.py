"""The rows of the matrix for platform staff, who are strangers everywhere else."""

from models.accounts.tables import AccountStatus
from models.base.ids import Kind
from models.staff.overrides import OverrideKind
from models.staff.tables import StaffRole
from tests.areas.staff.staff_at_work import wanted
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, MANAGERS, PEOPLE, PROGRAMS, STAFF, Stage
from tests.authz.matrix.matrix_rows import ANYBODY, Mutation, NodeOf, Query, Values, lasting, table
from tests.world.staff import answer_requests, ask_for_subaccounts, set_override, staff_member

STAFF_ALONE = table((ANONYMOUS, "UNAUTHENTICATED"), ((PEOPLE | PROGRAMS) - STAFF, "NOT_FOUND"), (STAFF, DONE))


async def _override_create(stage: Stage) -> Values:
    return wanted(stage.account, "SENDING_DOMAINS", sendingDomains=2)


async def _waiting(stage: Stage) -> Values:
    maker = await staff_member(stage.world, StaffRole.APPROVER)
    made = await set_override(stage.world, stage.account, OverrideKind.REVIEW_APPROVED, maker)
    return {"accountId": stage.account.id, "overrideId": made.id}


async def _ended(stage: Stage) -> Values:
    return await _waiting(stage) | {"reason": "Enough."}


async def _reason(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "reason": "One for each branch."}


async def _asked(stage: Stage) -> Values:
    await answer_requests(stage.world, stage.account, stage.members["owner"].person)
    await ask_for_subaccounts(stage.world, stage.account)
    return await _reason(stage)


async def _to_withdraw(stage: Stage) -> Values:
    await _asked(stage)
    return {"accountId": stage.account.id}


async def _master(stage: Stage) -> Values:
    return {"accountId": stage.parent.id, "reason": "It was broken into."}


async def _suspended_master(stage: Stage) -> Values:
    await stage.world.set_status(stage.parent, AccountStatus.SUSPENDED)
    return await _master(stage)


async def _master_active(stage: Stage, caller: str) -> None:
    await stage.world.set_status(stage.parent, AccountStatus.ACTIVE)


STAFF_MUTATIONS = {
    "overrideCreate": Mutation(None, STAFF_ALONE, _override_create),
    "overrideApprove": Mutation(
        None,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            ((PEOPLE | PROGRAMS) - STAFF, "NOT_FOUND"),
            ({"staff_agent"}, "SECOND_PERSON_REQUIRED"),
            ({"staff_approver"}, DONE),
        ),
        _waiting,
    ),
    "overrideEnd": Mutation(None, STAFF_ALONE, _ended),
    "subaccountsRequestDecline": Mutation(None, STAFF_ALONE, _asked),
    "accountStaffSuspend": Mutation(None, STAFF_ALONE, _master, _master_active),
    "accountStaffResume": Mutation(None, STAFF_ALONE, _suspended_master, _master_active),
}
"""Each has the mark `@staffOnly`."""

MUTATIONS = {
    **STAFF_MUTATIONS,
    # Asked for in a subaccount, which is not where it is asked.
    "subaccountsRequest": Mutation(
        "SUBACCOUNTS_WRITE",
        lasting("SUBACCOUNTS_WRITE", MANAGERS, "BAD_USER_INPUT"),
        _reason,
    ),
    "subaccountsRequestWithdraw": Mutation(
        "SUBACCOUNTS_WRITE", lasting("SUBACCOUNTS_WRITE", MANAGERS), _to_withdraw
    ),
}

QUERIES = {"staff": Query(None, table((ANYBODY - STAFF, "null"), (STAFF, DONE)), "{ role }")}


ACCOUNT_FIELDS = {
    "overrides": ("SETTINGS_READ", MANAGERS),
    "unsubscribeScope": ("SETTINGS_READ", MANAGERS),
    "sendingDomainLimit": ("SETTINGS_READ", MANAGERS),
    "fieldFunctions": ("SETTINGS_READ", MANAGERS),
    "subaccountsRequests": ("SUBACCOUNTS_READ", MANAGERS),
}


async def _override(stage: Stage) -> str:
    giver = stage.members["administrator"].person
    return (await set_override(stage.world, stage.account, OverrideKind.REVIEW_APPROVED, giver)).id


async def _declined_request(stage: Stage) -> str:
    decliner = stage.members["administrator"].person
    return await ask_for_subaccounts(stage.world, stage.account, declined_by=decliner)


NODES = {
    Kind.OVERRIDE: NodeOf(_override, MANAGERS),
    Kind.SUBACCOUNTS_REQUEST: NodeOf(_declined_request, MANAGERS),
}
