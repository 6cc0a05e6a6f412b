"""The rows of the matrix for second factors."""

from models.base.ids import Kind
from tests.areas.second_factor.stored import give_challenge, give_passkey
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, MANAGERS, PEOPLE, PROGRAMS, Stage
from tests.authz.matrix.matrix_rows import (
    Mutation,
    NodeOf,
    Values,
    for_anybody,
    lasting,
    no_input,
    people_only,
    table,
)

_REFUSED = "SECOND_FACTOR_REFUSED"


async def _wrong_password(stage: Stage) -> Values:
    return {"password": "wrong"}


async def _passkey(stage: Stage) -> Values:
    return {"passkeyId": await give_passkey(stage.world, stage.newcomer), "password": "wrong"}


async def _wrong_code(stage: Stage) -> Values:
    return {"challengeToken": await give_challenge(stage.world, await stage.world.person()), "code": "000000"}


async def _no_challenge(stage: Stage) -> Values:
    return {"challengeToken": "mdc_nonsense", "passkey": "{}"}


async def _new_passkey(stage: Stage) -> Values:
    return {"challengeToken": "mdc_nonsense", "name": "Laptop", "credential": "{}"}


async def _challenge(stage: Stage) -> Values:
    return {"challengeToken": await give_challenge(stage.world, await stage.world.person())}


async def _code(stage: Stage) -> Values:
    return {"code": "000000"}


async def _rule(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "expectedVersion": await stage.version(), "required": True}


async def _member(stage: Stage) -> Values:
    return {"memberId": stage.members["analyst"].id}


async def _email(stage: Stage) -> Values:
    return {"email": stage.newcomer.email}


_OWN_PASSWORD = people_only("SIGN_IN_REFUSED")

STAFF_MUTATIONS = {
    "secondFactorStaffReset": Mutation(
        None, table((ANONYMOUS, "UNAUTHENTICATED"), (PEOPLE | PROGRAMS, "NOT_FOUND")), _email
    ),
}
"""Each has the mark `@staffOnly`. Staff find nothing either: nobody asked."""

MUTATIONS = {
    # To hash so many passwords would take its time.
    "totpStart": Mutation(None, _OWN_PASSWORD, _wrong_password, counted=True),
    "totpConfirm": Mutation(None, people_only("FAILED_PRECONDITION"), _code, counted=True),
    "totpDisable": Mutation(None, _OWN_PASSWORD, _wrong_password, counted=True),
    "recoveryCodesRenew": Mutation(None, _OWN_PASSWORD, _wrong_password, counted=True),
    "passkeyStart": Mutation(None, _OWN_PASSWORD, _wrong_password, counted=True),
    "passkeyAdd": Mutation(None, people_only(_REFUSED), _new_passkey),
    "passkeyRemove": Mutation(None, _OWN_PASSWORD, _passkey, counted=True),
    "signInConfirm": Mutation(None, for_anybody(_REFUSED), _wrong_code, counted=True),
    "passkeySignInStart": Mutation(None, for_anybody(DONE), no_input, changes=False),
    "passkeySignIn": Mutation(None, for_anybody(_REFUSED), _no_challenge, counted=True),
    # Who has proved no factor is told so; keys prove none.
    "secondFactorRequire": Mutation(
        "SETTINGS_WRITE", lasting("SETTINGS_WRITE", MANAGERS, "SECOND_FACTOR_REQUIRED"), _rule
    ),
    "secondFactorResetRequest": Mutation(None, for_anybody(DONE), _challenge, changes=False),
    "secondFactorResetApprove": Mutation(
        "MEMBERS_WRITE", lasting("MEMBERS_WRITE", MANAGERS, "OWNER_REQUIRED"), _member
    ),
    "secondFactorResetWithdraw": Mutation(None, people_only("NOT_FOUND"), no_input),
    **STAFF_MUTATIONS,
}


ACCOUNT_FIELDS = {
    "requiresSecondFactor": ("SETTINGS_READ", MANAGERS),
    "ownRequiresSecondFactor": ("SETTINGS_READ", MANAGERS),
}


async def _administrators(stage: Stage) -> str:
    return await give_passkey(stage.world, stage.members["administrator"].person)


NODES = {
    Kind.PASSKEY: NodeOf(_administrators, {"administrator"}),
}
