"""What a row of the matrix is, and how its outcomes are written."""

from collections.abc import Awaitable, Callable, Iterable, Set
from dataclasses import dataclass
from typing import Any

from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import (
    ABOVE_KEYS,
    ABOVE_PEOPLE,
    ANONYMOUS,
    GUESTS,
    INSIDE,
    NOT_ACCEPTED,
    OUTSIDE,
    PEOPLE,
    PROGRAMS,
    TEMPORARY,
    Stage,
)

Values = dict[str, Any]
Prepare = Callable[[Stage], Awaitable[Values | None]]
Restore = Callable[[Stage, str], Awaitable[None]]


async def no_input(stage: Stage) -> None:
    """The field takes none."""
    return


async def account_id(stage: Stage) -> Values:
    """The field takes the account's id."""
    return {"id": stage.account.id}


async def nothing(stage: Stage, caller: str) -> None:
    """What was done stays: it disturbs nobody."""


@dataclass(frozen=True)
class Mutation:
    """A mutation: the permission it is marked with, its input, and what becomes of it for each caller.

    `prepare` makes what it needs and gives the input, `restore` undoes what it did. `changes`: when done, it
    changes the tree. `counted`: tries with the same input are limited.
    """

    permission: str | None
    expected: dict[str, str]
    prepare: Prepare
    restore: Restore = nothing
    changes: bool = True
    counted: bool = False


def table(*rows: tuple[Iterable[str], str]) -> dict[str, str]:
    """Outcomes by caller; every caller is named once. Tokens that are not accepted never get further."""
    found = dict.fromkeys(NOT_ACCEPTED, "401 UNAUTHENTICATED")
    for callers, outcome in rows:
        for caller in callers:
            if found.setdefault(caller, outcome) != outcome:
                raise ValueError(f"{caller} has two outcomes")
    return found


def gated(permission: str, by: frozenset[str]) -> dict[str, str]:
    """Not found outside, forbidden inside, done by these."""
    return table(
        (ANONYMOUS, "UNAUTHENTICATED"),
        (OUTSIDE, "NOT_FOUND"),
        (INSIDE - by, f"FORBIDDEN {permission}"),
        (by, DONE),
    )


def lasting(permission: str, by: frozenset[str], outcome: str = DONE) -> dict[str, str]:
    """The same for what gives or takes access: by those alone who hold it for good."""
    return table(
        (ANONYMOUS, "UNAUTHENTICATED"),
        (OUTSIDE, "NOT_FOUND"),
        (INSIDE - by, f"FORBIDDEN {permission}"),
        *outlived(by),
        (by - GUESTS - TEMPORARY, outcome),
    )


def outlived(by: frozenset[str]) -> tuple[tuple[frozenset[str], str], tuple[frozenset[str], str]]:
    """Of these, those whose rights end before what they would give or take."""
    return (by & GUESTS, "REACHED_BY_SHARE"), (by & TEMPORARY, "RIGHT_ENDS")


ABOVE = ABOVE_PEOPLE | ABOVE_KEYS
ANYBODY = ANONYMOUS | PEOPLE | PROGRAMS


def for_anybody(outcome: str) -> dict[str, str]:
    """Whatever token comes along, also one that is not accepted."""
    return dict.fromkeys(ANYBODY | NOT_ACCEPTED, outcome)


def people_only(outcome: str) -> dict[str, str]:
    """Persons and nobody else."""
    return table((ANONYMOUS, "UNAUTHENTICATED"), (PEOPLE, outcome), (PROGRAMS, "PERSON_REQUIRED"))


@dataclass(frozen=True)
class Query:
    """A root query: the permission it is marked with, its selection, its arguments, its outcomes."""

    permission: str | None
    expected: dict[str, str]
    selection: str
    prepare: Prepare = no_input


@dataclass(frozen=True)
class Subscription:
    """The same of a subscription, of which something is told at once. Nobody is told anything without a
    token that is accepted."""

    permission: str
    by: frozenset[str]
    selection: str
    prepare: Prepare
    is_found_by_id: bool = False
    """By an id of its own: whoever may not see it is told NOT_FOUND, inside as well."""

    @property
    def expected(self) -> dict[str, str]:
        """Outcomes by caller."""
        refused = "NOT_FOUND" if self.is_found_by_id else f"FORBIDDEN {self.permission}"
        return table(
            (ANONYMOUS, "401 UNAUTHENTICATED"),
            (OUTSIDE, "NOT_FOUND"),
            (INSIDE - self.by, refused),
            (self.by, DONE),
        )


@dataclass(frozen=True)
class NodeOf:
    """An object in the account, by its global id, and which callers find it with `node`."""

    give: Callable[[Stage], Awaitable[str]]
    callers: Set[str]
