"""Where a gang starts and what somebody of it may try.

main ── branch ── shop
    └── other
"""

import enum
from dataclasses import dataclass

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.authz.cases.expectations import named
from tests.authz.escalation.reach_model import CustomRights, Grant, Shared

SHAPE = (None, 0, 1, 0)
"""The accounts' parents."""


@dataclass(frozen=True)
class Start:
    """What the principal has: a person's roles and shares, or the one grant of a key. What each account
    passes down, and lets in.

    A custom role belongs to the account that it is held in, one that is shared to main. `fellow`: a person
    who is in the gang from the start, with a custom role of main's; what it holds counts as given, too.
    """

    grants: tuple[Grant | Shared, ...]
    is_key: bool
    pass_all_roles: tuple[bool, ...]
    fellow: Grant | None = None
    modes: tuple[ParentAccess, ...] = (ParentAccess.FULL,) * len(SHAPE)
    """What passes each account's link."""

    @property
    def all_grants(self) -> tuple[Grant | Shared, ...]:
        """The principal's and the fellow's."""
        return self.grants if self.fellow is None else (*self.grants, self.fellow)


class StepKind(enum.Enum):
    """What somebody of the gang tries."""

    INVITE = "memberInvite"
    UPDATE = "memberUpdate"
    KEY = "apiKeyCreate"
    TRANSFER = "ownershipTransfer"
    SUBACCOUNT = "subaccountCreate"
    INHERIT = "accountUpdate"
    WIDEN = "apiKeyUpdate"
    SHARE = "shareCreate"
    WIDEN_SHARE = "shareUpdate"
    MAKE_ROLE = "roleCreate"
    CHANGE_ROLE = "roleUpdate"
    RAISE = "parentAccessUpdate"
    ANSWER = "parentAccessAnswer"
    BREAK_GLASS = "breakGlassOpen"


LINK_STEPS = (StepKind.RAISE, StepKind.ANSWER, StepKind.BREAK_GLASS)
"""What is tried of the links between the accounts; see `gang_links`."""

NARROW = CustomRights(named("ACCOUNT_READ"))


@dataclass(frozen=True)
class Step:
    """One try. Numbers are taken modulo what there is to choose from at that moment.

    `custom`: a known custom role in the place of `role`. `rights`: what a role is to give.
    """

    kind: StepKind
    actor: int
    account: int
    target: int
    role: BuiltinRole
    permissions: frozenset[str] | None
    custom: int | None = None
    rights: CustomRights = NARROW
