"""The rows of the matrix for what passes down, and for broken glass."""

from models.accounts.tables import ParentAccess
from models.base.ids import Kind
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import (
    ABOVE_KEYS,
    ABOVE_PEOPLE,
    ANONYMOUS,
    GUESTS,
    INSIDE,
    LASTING_MANAGERS,
    MANAGERS,
    MEMBERS,
    OUTSIDE,
    OUTSIDE_PEOPLE,
    OWN_MANAGERS,
    PROGRAMS,
    TEMPORARY_PEOPLE,
    Stage,
)
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, NodeOf, Values, lasting, outlived, table
from tests.client.links import ask, break_glass, set_parent_access


async def _update(stage: Stage) -> Values:
    values = {"accountId": stage.account.id, "expectedVersion": await stage.version()}
    return values | {"parentAccess": "READ_ONLY", "reason": "Privacy"}


async def _answer(stage: Stage) -> Values:
    asker = stage.members["owner"].person
    await ask(stage.world, stage.account, ParentAccess.READ_ONLY, asker, from_above=False)
    return {"accountId": stage.account.id, "parentAccess": "READ_ONLY", "accept": True}


async def _withdraw(stage: Stage) -> Values:
    values = await _answer(stage)
    return {name: values[name] for name in ("accountId", "parentAccess")}


async def _open(stage: Stage) -> Values:
    await set_parent_access(stage.world, stage.account, ParentAccess.BREAK_GLASS)
    return {"accountId": stage.account.id, "reason": "Fire", "hours": 1}


async def _end(stage: Stage) -> Values:
    opener = stage.members["parent_administrator"].person
    return {"breakGlassId": (await break_glass(stage.world, stage.account, opener)).id}


async def _full_again(stage: Stage, caller: str) -> None:
    await stage.restore_link()


MUTATIONS = {
    # The parent lowers, the account asks for it: both sides may, a guest of either may not.
    "parentAccessUpdate": Mutation(
        "SETTINGS_WRITE", lasting("SETTINGS_WRITE", MANAGERS), _update, _full_again
    ),
    "parentAccessAnswer": Mutation(
        "SETTINGS_WRITE",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - MANAGERS, "FORBIDDEN SETTINGS_WRITE"),
            *outlived(MANAGERS),
            (LASTING_MANAGERS - ABOVE, "FAILED_PRECONDITION"),
            (ABOVE, DONE),
        ),
        _answer,
        _full_again,
    ),
    "parentAccessWithdraw": Mutation(
        "SETTINGS_WRITE",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - MANAGERS, "FORBIDDEN SETTINGS_WRITE"),
            *outlived(MANAGERS),
            # What the account asks for the other side can only decline.
            (ABOVE, "FAILED_PRECONDITION"),
            (LASTING_MANAGERS - ABOVE, DONE),
        ),
        _withdraw,
        _full_again,
    ),
    "breakGlassOpen": Mutation(
        "ACCOUNT_READ",
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (PROGRAMS, "PERSON_REQUIRED"),
            (OUTSIDE_PEOPLE, "NOT_FOUND"),
            (MEMBERS | TEMPORARY_PEOPLE | GUESTS, "FAILED_PRECONDITION"),
            (ABOVE_PEOPLE, DONE),
        ),
        _open,
        _full_again,
    ),
    "breakGlassEnd": Mutation(
        None,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - OWN_MANAGERS | ABOVE_KEYS, "FORBIDDEN SETTINGS_WRITE"),
            (OWN_MANAGERS - ABOVE_KEYS, DONE),
        ),
        _end,
        _full_again,
    ),
}


ACCOUNT_FIELDS = {
    "breakGlassOpenings": ("AUDIT_READ", MANAGERS),
}


async def _opening(stage: Stage) -> str:
    opener = stage.members["parent_administrator"].person
    return (await break_glass(stage.world, stage.account, opener)).id


NODES = {
    Kind.BREAK_GLASS: NodeOf(_opening, MANAGERS),
}
