"""What a share may give, and who may give it (R17, R21, R24, R34, R38, N19)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from authz.guards.delegation import RoleGrant
from authz.guards.exclusive import Authorized
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission, mask_of, permissions_in
from authz.policy.refusals import Refusal, RefusalCode, RoleTooWide


@dataclass(frozen=True)
class ShareScope:
    """What a share gives in each of its accounts: a role, or some areas of an administrator's rights, in both
    cases without the hidden areas."""

    role: RoleGrant
    areas: frozenset[Area] | None
    hidden: frozenset[Area]

    @property
    def areas_mask(self) -> int:
        """The mask of the areas, 0 without areas. A shared account can always be read."""
        if self.areas is None:
            return 0
        return areas_mask(self.areas) & self.role.mask | Permission.ACCOUNT_READ.bit

    @property
    def mask(self) -> int:
        """The mask that the share gives."""
        given = self.role.mask if self.areas is None else self.areas_mask
        return given & ~areas_mask(self.hidden)


def areas_mask(areas: Collection[Area]) -> int:
    """The permissions of the areas, as a mask."""
    return mask_of(frozenset(permission for permission in Permission if permission.area in areas))


def check_scope(scope: ShareScope) -> None:
    """Raise BAD_USER_INPUT for what cannot be shared."""
    if scope.role.id == BuiltinRole.OWNER.id:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Ownership cannot be shared.", "roleId")
    if Area.ACCOUNT in scope.hidden:
        message = "The area ACCOUNT cannot be hidden."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "hiddenAreas")
    if scope.areas is not None and scope.hidden:
        message = "Leave areas out instead of hiding them."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "hiddenAreas")
    if scope.areas is not None and not scope.areas:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Name at least one area.", "areas")


def check_giver(opened: Sequence[Authorized], scope: ShareScope, field: str) -> None:
    """Raise RoleTooWide where the caller may not give, or take, that much (N19, T4). `field`: the input that
    says what is given."""
    for account in opened:
        missing = scope.mask & ~account.mask
        if missing:
            raise RoleTooWide("The share", permissions_in(missing), (), field)
