"""Which status of an account, or of those above it, forbids each mutation: a table written by hand.

What only takes away is forbidden by none. A mutation that gives in one case and takes in another has a row
for each.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, CreditMode
from models.base.ids import Kind, present
from models.budgets.tables import BudgetCurrency
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.authz.matrix.matrix_rows import Prepare, Values
from tests.world.budgets import set_budget
from tests.world.credit import set_mode
from tests.world.plans import STARTER, cancel_plan, subscribe

BOTH = ("owner", "parent_administrator")
"""The account's own people, and those above it."""


class Place(Enum):
    """Which of the accounts is not active."""

    SUSPENDED = "the account is suspended"
    BELOW_SUSPENDED = "the account above it is suspended"
    CLOSED = "the account is closed"

    @property
    def status(self) -> AccountStatus:
        """Its status."""
        return AccountStatus.CLOSED if self is Place.CLOSED else AccountStatus.SUSPENDED


def _outcomes(suspended: str, below: str, closed: str) -> Mapping[Place, str]:
    return dict(zip(Place, (suspended, below, closed), strict=True))


TAKES_AWAY = _outcomes(DONE, DONE, DONE)
NEEDS_ACTIVE = _outcomes("ACCOUNT_SUSPENDED", "ACCOUNT_SUSPENDED", "ACCOUNT_CLOSED")
NOT_ONCE_CLOSED = _outcomes(DONE, DONE, "ACCOUNT_CLOSED")
"""It ends what a closed account has not, or platform staff do it."""


@dataclass(frozen=True)
class Row:
    """What becomes of a mutation in each place, for these callers. `prepare` None: as the caller matrix does.
    `unchanged`: where it is done without a change."""

    outcomes: Mapping[Place, str]
    callers: tuple[str, ...] = BOTH
    prepare: Prepare | None = None
    unchanged: frozenset[Place] = frozenset()

    def prepared_for(self, name: str) -> Prepare:
        """What makes what it needs, and gives the input."""
        return self.prepare or MUTATIONS[name].prepare


def _as_ever(outcome: str, *callers: str) -> Row:
    """It is about no account; the outcome is that of the caller matrix."""
    return Row(_outcomes(outcome, outcome, outcome), callers or BOTH, unchanged=frozenset(Place))


async def _raised_member(stage: Stage) -> Values:
    administrator = present(Kind.ROLE, BuiltinRole.ADMINISTRATOR.id)
    return {"memberId": (await stage.marketer()).id, "roleId": administrator}


async def _shortened_member(stage: Stage) -> Values:
    return {"memberId": (await stage.marketer()).id, "expiresAt": _soon()}


async def _narrowed_share(stage: Stage) -> Values:
    values = {"accountIds": [stage.account.id], "areas": ["STATISTICS"], "expectedVersion": 1}
    return {**values, "shareId": (await stage.share()).id, "expiresAt": _soon()}


async def _narrowed_key(stage: Stage) -> Values:
    bounds = {"permissions": ["ACCOUNT_READ"], "ipRanges": ["192.0.2.0/24"], "expiresAt": _soon()}
    return {"apiKeyId": (await stage.key()).id, "expectedVersion": 1, **bounds}


async def _narrowed_role(stage: Stage) -> Values:
    role = await stage.world.role(stage.account, "ACCOUNT_READ STATISTICS_READ")
    return {"roleId": role.id, "expectedVersion": 1, "permissions": ["ACCOUNT_READ"]}


async def _passed_less(stage: Stage) -> Values:
    await stage.pass_all_roles()
    values = {"accountId": stage.account.id, "expectedVersion": await stage.version()}
    return {**values, "rightsInheritance": "ADMINISTRATORS"}


async def _declined_link(stage: Stage) -> Values:
    values = await MUTATIONS["parentAccessAnswer"].prepare(stage)
    assert values is not None
    return {**values, "accept": False}


async def _lowered_sends(stage: Stage) -> Values:
    await cancel_plan(stage.world, stage.account)
    await set_budget(stage.world, stage.account, 1000)
    return {"accountId": stage.account.id, "cap": 0, "guarantee": 0}


async def _waiting_first_plan(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    await cancel_plan(stage.world, stage.account)
    in_a_week = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=7)
    await subscribe(stage.world, stage.account, STARTER, anchored_at=in_a_week)
    return {"accountId": stage.account.id, "expectedVersion": await stage.version()}


async def _raised_credit(stage: Stage) -> Values:
    return {**await _lowered_credit(stage), "cap": "2000"}


async def _lowered_credit(stage: Stage) -> Values:
    await set_mode(stage.world, CreditMode.SHARED_POOL, stage.account)
    await set_budget(stage.world, stage.account, 1000, currency=BudgetCurrency.CREDIT)
    return {"accountId": stage.account.id, "cap": "0", "guarantee": "0"}


def _soon() -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).isoformat()


ABOVE = ("parent_administrator",)

STATUSES: dict[str, Row] = {
    "signUp": _as_ever("BAD_USER_INPUT"),
    "signIn": _as_ever(DONE),
    "signOut": _as_ever(DONE),
    "passwordChange": _as_ever("SIGN_IN_REFUSED"),
    "emailVerify": _as_ever(DONE),
    "emailVerificationRequest": _as_ever(DONE),
    "passwordResetRequest": _as_ever(DONE),
    "passwordReset": _as_ever("BAD_USER_INPUT"),
    "subaccountCreate": Row(NEEDS_ACTIVE),
    "accountUpdate": Row(NEEDS_ACTIVE),
    "accountUpdate: passes less down": Row(TAKES_AWAY, prepare=_passed_less),
    "accountSuspend": Row(NOT_ONCE_CLOSED, ABOVE, unchanged=frozenset({Place.SUSPENDED})),
    "accountResume": Row(_outcomes(DONE, "ACCOUNT_SUSPENDED", "ACCOUNT_CLOSED"), ABOVE),
    "accountClose": Row(NOT_ONCE_CLOSED),
    "memberInvite": Row(NEEDS_ACTIVE),
    "invitationRevoke": Row(TAKES_AWAY),
    "invitationDecline": Row(TAKES_AWAY),
    "invitationAccept": Row(NEEDS_ACTIVE, ("newcomer",)),
    "memberUpdate": Row(TAKES_AWAY),
    "memberUpdate: raises": Row(NEEDS_ACTIVE, prepare=_raised_member),
    "memberUpdate: shortens": Row(TAKES_AWAY, prepare=_shortened_member),
    "memberRemove": Row(TAKES_AWAY),
    "memberLeave": Row(TAKES_AWAY, ("analyst",)),
    "ownershipTransfer": Row(NEEDS_ACTIVE),
    "ownershipAccept": Row(NEEDS_ACTIVE, ("marketer",)),
    "ownershipDecline": Row(TAKES_AWAY, ("marketer",)),
    "ownershipTransferWithdraw": Row(TAKES_AWAY),
    "shareCreate": Row(NEEDS_ACTIVE),
    "shareUpdate": Row(NEEDS_ACTIVE),
    "shareUpdate: narrows": Row(TAKES_AWAY, prepare=_narrowed_share),
    "shareDecline": Row(TAKES_AWAY),
    "shareRevoke": Row(TAKES_AWAY),
    "shareAccept": Row(NEEDS_ACTIVE, ("newcomer",)),
    "shareLeave": Row(TAKES_AWAY, ("guest",)),
    "apiKeyCreate": Row(NEEDS_ACTIVE),
    "apiKeyRevoke": Row(TAKES_AWAY),
    "apiKeyRotate": Row(NEEDS_ACTIVE),
    "apiKeyUpdate": Row(NEEDS_ACTIVE),
    "apiKeyUpdate: narrows": Row(TAKES_AWAY, prepare=_narrowed_key),
    "apiKeyAdopt": Row(NEEDS_ACTIVE),
    "roleCreate": Row(NEEDS_ACTIVE),
    "roleUpdate": Row(NEEDS_ACTIVE),
    "roleUpdate: narrows": Row(TAKES_AWAY, prepare=_narrowed_role),
    "roleDelete": Row(TAKES_AWAY),
    # The account asks for it, which gives the parent something to answer; the parent lowers it.
    "parentAccessUpdate: asks": Row(NEEDS_ACTIVE, ("owner",)),
    "parentAccessUpdate": Row(TAKES_AWAY, ABOVE),
    "parentAccessAnswer": Row(TAKES_AWAY, ABOVE),
    "parentAccessAnswer: declines": Row(TAKES_AWAY, ABOVE, prepare=_declined_link),
    "parentAccessWithdraw": Row(TAKES_AWAY, ("owner",)),
    "breakGlassOpen": Row(NEEDS_ACTIVE, ABOVE),
    "breakGlassEnd": Row(TAKES_AWAY),
    "subaccountsRequest": Row(NEEDS_ACTIVE),
    "overrideCreate": Row(NOT_ONCE_CLOSED, ("staff_agent",)),
    "overrideApprove": Row(NOT_ONCE_CLOSED, ("staff_approver",)),
    "overrideEnd": Row(TAKES_AWAY, ("staff_agent",)),
    "subaccountsRequestDecline": Row(TAKES_AWAY, ("staff_agent",)),
    "subaccountsRequestWithdraw": Row(TAKES_AWAY),
    "creditTransfer": Row(NEEDS_ACTIVE),
    "creditModeUpdate": Row(NEEDS_ACTIVE, ABOVE),
    "paymentMethodAdd": Row(NEEDS_ACTIVE),
    "paymentMethodRemove": Row(TAKES_AWAY),
    "creditTopUp": Row(NEEDS_ACTIVE),
    "topUpRuleUpdate": Row(NEEDS_ACTIVE),
    "topUpRuleRemove": Row(TAKES_AWAY),
    "planChange": Row(NEEDS_ACTIVE, ABOVE),
    "planChangeWithdraw": Row(NEEDS_ACTIVE, ABOVE),
    "planChangeWithdraw: a first plan": Row(TAKES_AWAY, ABOVE, prepare=_waiting_first_plan),
    "limitIncrease": Row(NEEDS_ACTIVE, ABOVE),
    "sendReserve": Row(NEEDS_ACTIVE),
    "sendCommit": Row(NEEDS_ACTIVE),
    "sendVoid": Row(TAKES_AWAY),
    "sendBudgetUpdate": Row(NEEDS_ACTIVE, ABOVE),
    "sendBudgetUpdate: lowers": Row(TAKES_AWAY, ABOVE, prepare=_lowered_sends),
    "creditBudgetUpdate": Row(NEEDS_ACTIVE, ABOVE, prepare=_raised_credit),
    "creditBudgetUpdate: lowers": Row(TAKES_AWAY, ABOVE, prepare=_lowered_credit),
    "billingModeUpdate": Row(NEEDS_ACTIVE, ABOVE),
    "billingDetailsUpdate": Row(NEEDS_ACTIVE),
}


def mutation_of(label: str) -> str:
    """The mutation that a row is about."""
    return label.partition(":")[0]
