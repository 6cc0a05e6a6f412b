"""What a principal may do in an account: by the grants on the way from the root down to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from authz.policy.permissions import ALL_PERMISSIONS, READ_PERMISSIONS, Permission
from benchmarks.usual.policy import Policy
from benchmarks.usual.principal import Grant, Principal
from benchmarks.usual.tables import Account

_ENDING = Permission.ACCOUNT_SUSPEND.bit | Permission.ACCOUNT_CLOSE.bit


@dataclass(frozen=True)
class Step:
    """An account on the way, `depth` above the one in question."""

    ancestor_id: UUID
    depth: int
    passed_mask: int
    status: str


@dataclass(frozen=True)
class Reached:
    """An account that the principal may read, as it is for them."""

    account: Account
    path: Sequence[Step]
    granted: int
    """The mask of what is granted, whatever the status."""

    @property
    def status(self) -> str:
        """The worst on the way."""
        found = {step.status for step in self.path}
        return next((status for status in ("CLOSED", "SUSPENDED") if status in found), "ACTIVE")

    @property
    def permissions(self) -> int:
        """What the status leaves of what is granted."""
        if self.account.status == "CLOSED" or any(
            step.depth and step.status != "ACTIVE" for step in self.path
        ):
            return self.granted & READ_PERMISSIONS
        if self.account.status == "SUSPENDED":
            return self.granted & (READ_PERMISSIONS | _ENDING)
        return self.granted & ALL_PERMISSIONS


def reached(policy: Policy, principal: Principal, account: Account, path: Sequence[Step]) -> Reached | None:
    """The account, if casbin lets the principal read it."""
    held = list(_held(principal, path))
    if not any(_allows(policy, *one, Permission.ACCOUNT_READ) for one in held):
        return None
    granted = 0
    for role, relation, limit in held:
        granted |= limit if role is None else limit & policy.mask(role, relation)
    return Reached(account, path, granted)


def acting_from(
    policy: Policy, principal: Principal, path: Sequence[Step], permission: Permission
) -> UUID | None:
    """The nearest account whose grant gives the permission."""
    for step in path:
        if any(_allows(policy, *one, permission) for one in _held(principal, [step])):
            return step.ancestor_id
    return None


def _held(principal: Principal, path: Sequence[Step]) -> Iterator[tuple[str | None, str, int]]:
    """Each role that reaches the account, in which relation, and the most that it gives."""
    for step in path:
        for grant in principal.grants:
            if grant.account_id == step.ancestor_id:
                yield grant.role, *_at(grant, step)


def _at(grant: Grant, step: Step) -> tuple[str, int]:
    return (
        ("member", grant.own_limit)
        if step.depth == 0
        else (grant.below, grant.below_limit & step.passed_mask)
    )


def _allows(policy: Policy, role: str | None, relation: str, limit: int, permission: Permission) -> bool:
    return bool(limit & permission.bit) and (role is None or policy.allows(role, relation, permission))
