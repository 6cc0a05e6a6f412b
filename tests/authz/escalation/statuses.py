"""Which status of an account, or of those above it, forbids a mutation. Each area has its rows in
`oracle.py`.

What only takes away is forbidden by none. A mutation that gives in one case and takes in another has a row
for each.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from models.accounts.tables import AccountStatus
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.authz.matrix.matrix_rows import Prepare

BOTH = ("owner", "parent_administrator")
"""The account's own people, and those above it."""


class Inactive(Enum):
    """Which of the accounts is not active."""

    SUSPENDED = "the account is suspended"
    BELOW_SUSPENDED = "the account above it is suspended"
    CLOSED = "the account is closed"

    @property
    def status(self) -> AccountStatus:
        """Its status."""
        return AccountStatus.CLOSED if self is Inactive.CLOSED else AccountStatus.SUSPENDED


def in_each_place(suspended: str, below: str, closed: str) -> Mapping[Inactive, str]:
    """The outcome in each place."""
    return dict(zip(Inactive, (suspended, below, closed), strict=True))


TAKES_AWAY = in_each_place(DONE, DONE, DONE)
NEEDS_ACTIVE = in_each_place("ACCOUNT_SUSPENDED", "ACCOUNT_SUSPENDED", "ACCOUNT_CLOSED")
NOT_ONCE_CLOSED = in_each_place(DONE, DONE, "ACCOUNT_CLOSED")
"""It ends what a closed account has not, or platform staff do it."""


@dataclass(frozen=True)
class Row:
    """What becomes of a mutation in each place, for these callers. `prepare` None: as the caller matrix does.
    `unchanged`: where it is done without a change."""

    outcomes: Mapping[Inactive, str]
    callers: tuple[str, ...] = BOTH
    prepare: Prepare | None = None
    unchanged: frozenset[Inactive] = frozenset()

    def prepared_for(self, name: str) -> Prepare:
        """What makes what it needs, and gives the input."""
        return self.prepare or MUTATIONS[name].prepare


def soon() -> str:
    """A moment in an hour."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).isoformat()


ABOVE = ("parent_administrator",)


def mutation_of(label: str) -> str:
    """The mutation that a row is about."""
    return label.partition(":")[0]
