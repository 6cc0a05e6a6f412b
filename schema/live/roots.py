"""Where Query has what a subscription delivers.

Each delivery is a read: the server puts the subscription's field at its place in a query and runs that with
the subscriber's credentials. So a subscription needs what the query needs, and there is one way to read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.base.ids import Kind
from resolvers.audit.order import EventOrder
from resolvers.live.watched import Watched


@dataclass(frozen=True)
class Root:
    """Where a field of the type of subscriptions is read."""

    watched: Watched
    """It is delivered again when this changes."""
    subject: str
    """The argument with the id of that."""
    kind: Kind
    """Which id it is."""
    under: str | None
    """The field of Query that the field of the same name is a field of, found by that id; None: it is a field
    of Query itself."""
    told: str
    """What the server itself has to know of each answer, as a selection."""
    ends: bool = False
    """Whether that is null until it is over."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Arguments that it has there besides, with the names of their values."""

    @property
    def is_list(self) -> bool:
        """Whether it goes on after a cursor."""
        return self.watched is Watched.EVENTS


FIRST = "first"
"""The argument with the most items of a page, at least one."""

AFTER = "after"
"""The argument of a list that goes on: the server moves it."""

BELOW = "includeDescendants"

ROOTS: Mapping[str, Root] = {
    "events": Root(
        Watched.EVENTS,
        "accountId",
        Kind.ACCOUNT,
        under="account",
        told="pageInfo { endCursor hasNextPage }",
        fixed={"orderBy": EventOrder.OLDEST_FIRST.name},
    ),
    "usage": Root(Watched.USAGE, "accountId", Kind.ACCOUNT, under="account", told="__typename"),
    "job": Root(Watched.JOB, "id", Kind.CONTACT_JOB, under=None, told="endedAt", ends=True),
    "campaign": Root(Watched.CAMPAIGN, "id", Kind.CAMPAIGN, under=None, told="endedAt", ends=True),
}
