"""What a share may give, and who may give it (R17, R21, R24, R34, R38, N19)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from authz.guards.delegation import RoleGrant
from authz.guards.exclusive import Authorized
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission, mask_of, permissions_in
from authz.policy.refusals import Refusal, RefusalCode, RoleTooWide


@dataclass(frozen=True)
class Scope:
    """What a share gives in each of its accounts: a role, or of an administrator's some areas alone; but for
    the areas that stay hidden."""

    role: RoleGrant
    areas: frozenset[Area] | None
    hidden: frozenset[Area]

    @property
    def areas_mask(self) -> int:
        """What the areas give, 0 without; an account that is shared can always be read."""
        if self.areas is None:
            return 0
        return areas_mask(self.areas) & self.role.mask | Permission.ACCOUNT_READ.bit

    @property
    def mask(self) -> int:
        """All of it."""
        given = self.role.mask if self.areas is None else self.areas_mask
        return given & ~areas_mask(self.hidden)


def areas_mask(areas: Collection[Area]) -> int:
    """The permissions of the areas."""
    return mask_of(frozenset(permission for permission in Permission if permission.area in areas))


def check_scope(scope: Scope) -> None:
    """Raise BAD_USER_INPUT for what cannot be shared."""
    if scope.role.id == BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Ownership is not shared.", "roleId")
    if Area.ACCOUNT in scope.hidden:
        message = "The account itself cannot be hidden from who may see it."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "hiddenAreas")
    if scope.areas is not None and scope.hidden:
        message = "Leave areas out instead of hiding them."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "hiddenAreas")
    if scope.areas is not None and not scope.areas:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Name at least one area.", "areas")


def check_giver(opened: Sequence[Authorized], scope: Scope, field: str) -> None:
    """Raise RoleTooWide where the principal may not give that much, nor take it (N19, T4). `field` is the
    input that says what is given."""
    for account in opened:
        missing = scope.mask & ~account.mask
        if missing:
            raise RoleTooWide("The share", permissions_in(missing), (), field)
