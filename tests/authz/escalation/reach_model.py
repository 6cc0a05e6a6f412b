"""Who may do what where, as the design tells it, in a few lines of plain Python.

Slow and obvious on purpose: the product's one SQL definition is held to it.
"""

import enum
from dataclasses import dataclass

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, ParentAccess
from tests.authz.cases.expectations import AS_MEMBER, EVERYTHING, FROM_ABOVE, INHERITED, READS

ALL_SCOPES = EVERYTHING


def area_of(permission: str) -> str:
    """`API_KEYS` of `API_KEYS_READ`."""
    return permission.rpartition("_")[0]


AREAS = frozenset(map(area_of, EVERYTHING))


@dataclass(frozen=True)
class Node:
    """An account of the model; `parent` is the number of another, None for a root."""

    parent: int | None
    status: AccountStatus = AccountStatus.ACTIVE
    passes_all_roles: bool = False
    parent_access: ParentAccess = ParentAccess.FULL


def passing(mode: ParentAccess) -> frozenset[str]:
    """What of the rights held above an account passes its link (N3)."""
    if mode is ParentAccess.FULL:
        return EVERYTHING
    least = frozenset({"ACCOUNT_READ", "ACCOUNT_SUSPEND"})
    return READS | least if mode is ParentAccess.READ_ONLY else least


@dataclass(frozen=True)
class CustomRights:
    """A role that an account has made: what it gives where it is held, and what in every account below."""

    permissions: frozenset[str]
    below: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Grant:
    """A membership or a key: a role in the account with that number. What has ended gives nothing. `limit`:
    what platform staff have set that it gives below at most (R73)."""

    account: int
    role: BuiltinRole | CustomRights
    scopes: frozenset[str] = ALL_SCOPES
    ended: bool = False
    limit: frozenset[str] = EVERYTHING


def as_member(role: BuiltinRole | CustomRights) -> frozenset[str]:
    """In the account that the role is held in."""
    return role.permissions if isinstance(role, CustomRights) else AS_MEMBER[role]


def from_above(role: BuiltinRole | CustomRights, *, passes_all: bool) -> frozenset[str]:
    """Below that account; `passes_all`: it passes all of its roles down."""
    if isinstance(role, CustomRights):
        return role.below | role.permissions if passes_all else role.below
    return INHERITED[role] if passes_all else FROM_ABOVE[role]


class ShareState(enum.Enum):
    """What has become of a share; only one that holds gives anything."""

    HOLDS = "holds"
    WAITS = "waits"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Shared:
    """A share of the accounts with these numbers: a role, or areas where that is None; not what is hidden."""

    accounts: tuple[int, ...]
    role: BuiltinRole | CustomRights | None
    areas: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    state: ShareState = ShareState.HOLDS

    @property
    def gives(self) -> frozenset[str]:
        """In each of its accounts, and nowhere else (R21, R24, R34, R38)."""
        if self.state is not ShareState.HOLDS:
            return frozenset()
        if self.role is not None:
            return frozenset(name for name in as_member(self.role) if area_of(name) not in self.hidden)
        administrator = AS_MEMBER[BuiltinRole.ADMINISTRATOR]
        return frozenset(name for name in administrator if area_of(name) in self.areas) | {"ACCOUNT_READ"}


@dataclass(frozen=True)
class Opened:
    """A person has broken the glass of the account with that number. What has ended gives nothing."""

    account: int
    ended: bool = False


Grants = tuple[Grant | Shared | Opened, ...]


@dataclass(frozen=True)
class Forest:
    """Some trees; an account's parent comes before it."""

    nodes: tuple[Node, ...]

    def above(self, account: int) -> list[int]:
        """The accounts above, the root first."""
        parent = self.nodes[account].parent
        return [] if parent is None else [*self.above(parent), parent]

    def root(self, account: int) -> int:
        """The master account of its tree."""
        return (*self.above(account), account)[0]

    def held(self, grants: Grants, account: int) -> frozenset[str]:
        """What the grants give in the account, whatever its status. Power flows down, and only down (T3)."""
        found: set[str] = set()
        for grant in grants:
            if isinstance(grant, Shared):
                found |= grant.gives if account in grant.accounts else set()
            elif grant.ended:
                continue
            elif isinstance(grant, Opened):
                found |= self._opened(grants, grant.account, account)
            elif grant.account == account:
                found |= as_member(grant.role) & grant.scopes
            elif grant.account in self.above(account):
                found |= self.given_below(grant) & self.passed(grant.account, account)
        return frozenset(found)

    def _opened(self, grants: Grants, opened: int, account: int) -> frozenset[str]:
        """What is held above the opened account, as if its own link let everything pass; no other link."""
        node = self.nodes[opened]
        if node.parent_access is not ParentAccess.BREAK_GLASS or opened not in (
            *self.above(account),
            account,
        ):
            return frozenset()
        assert node.parent is not None
        found: set[str] = set()
        for grant in grants:
            if isinstance(grant, Grant) and not grant.ended and grant.account in self.above(opened):
                found |= self.given_below(grant) & self.passed(grant.account, node.parent)
        return frozenset(found) & self.passed(opened, account)

    def passed(self, ancestor: int, descendant: int) -> frozenset[str]:
        """What every link from the one down to the other lets pass."""
        found, place = EVERYTHING, descendant
        while place != ancestor:
            node = self.nodes[place]
            found &= passing(node.parent_access)
            assert node.parent is not None
            place = node.parent
        return found

    def given_below(self, grant: Grant) -> frozenset[str]:
        """What one grant gives in each account below its own."""
        passes_all = self.nodes[grant.account].passes_all_roles
        return from_above(grant.role, passes_all=passes_all) & grant.scopes & grant.limit

    def status(self, account: int) -> AccountStatus:
        """The worst status on the path from the root (T7)."""
        path = [self.nodes[number].status for number in (*self.above(account), account)]
        for status in (AccountStatus.CLOSED, AccountStatus.SUSPENDED):
            if status in path:
                return status
        return AccountStatus.ACTIVE

    def permissions(self, grants: Grants, account: int) -> frozenset[str] | None:
        """What may be done there now; None: the account is not there for whoever holds the grants."""
        held = self.held(grants, account)
        return held & self._left_by_status(account) if "ACCOUNT_READ" in held else None

    def _left_by_status(self, account: int) -> frozenset[str]:
        own = self.nodes[account].status
        inactive_above = any(
            self.nodes[number].status is not AccountStatus.ACTIVE for number in self.above(account)
        )
        if inactive_above or own is AccountStatus.CLOSED:
            return READS
        if own is AccountStatus.SUSPENDED:
            return READS | {"ACCOUNT_SUSPEND", "ACCOUNT_CLOSE"}
        return EVERYTHING
