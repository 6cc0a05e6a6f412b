"""The rows of the matrix for sessions."""

import itertools

from models.base.ids import Kind
from tests.areas.sessions.stored import give_session
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, MANAGERS, PEOPLE, PROGRAMS, Stage
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, NodeOf, Values, no_input, people_only, table
from tests.world.world import Person

_minutes = itertools.cycle(range(10_000, 40_000))


async def _newcomers(stage: Stage) -> Values:
    return {"sessionId": (await give_session(stage.world, stage.newcomer))[0]}


async def limits_of_parent(stage: Stage) -> Values:
    """Other limits than before."""
    version = await stage.version(stage.parent)
    return {"accountId": stage.parent.id, "expectedVersion": version, "maximumMinutes": next(_minutes)}


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
    # It holds for the whole tree, so that those below the master account do not reach it.
    "sessionLimitsUpdate": Mutation(
        "SETTINGS_WRITE",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            ((PEOPLE | PROGRAMS) - ABOVE - {"parent_finance"}, "NOT_FOUND"),
            ({"parent_finance"}, "FORBIDDEN SETTINGS_WRITE"),
            (ABOVE, DONE),
        ),
        limits_of_parent,
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
