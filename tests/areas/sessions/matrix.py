"""The rows of the matrix for sessions."""

from models.base.ids import Kind
from tests.areas.sessions.stored import give_session
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, MANAGERS, PEOPLE, PROGRAMS, Stage
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Values, lasting, no_input, people_only, table
from tests.world.world import Person


async def _newcomers(stage: Stage) -> Values:
    return {"sessionId": (await give_session(stage.world, stage.newcomer))[0]}


async def _limits(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "expectedVersion": await stage.version(), "idleMinutes": 60}


MUTATIONS = {
    "sessionRevoke": Mutation(
        None,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (PROGRAMS, "PERSON_REQUIRED"),
            (PEOPLE - {"newcomer"}, "NOT_FOUND"),
            ({"newcomer"}, DONE),
        ),
        _newcomers,
        changes=False,
    ),
    "sessionRevokeOthers": Mutation(None, people_only(DONE), no_input, changes=False),
    # Whoever may set it is told that it is set in the master account.
    "sessionLimitsUpdate": Mutation(
        "SETTINGS_WRITE", lasting("SETTINGS_WRITE", MANAGERS, "FAILED_PRECONDITION"), _limits
    ),
}


ACCOUNT_FIELDS = {
    "sessionIdleMinutes": ("SETTINGS_READ", MANAGERS),
    "sessionMaximumMinutes": ("SETTINGS_READ", MANAGERS),
}


async def _administrators(stage: Stage) -> str:
    person = stage.members["administrator"].person
    assert isinstance(person, Person)
    return (await give_session(stage.world, person))[0]


NODES = {
    Kind.SESSION: NodeOf(_administrators, {"administrator"}),
}
