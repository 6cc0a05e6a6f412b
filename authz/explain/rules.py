"""The rules that give and deny access, one function each (N1).

A *way* is something that may give somebody access: a membership, a break-glass opening, a share, or being an
API key. Each kind of way has a list of rules, and gives a permission where none of them denies. A new rule is
another function in a list.
"""

from collections.abc import Callable, Iterator

from authz.explain.facts import Facts, GivenShare, HeldMembership, HeldOpening, PathAccount, Way, area_names
from authz.explain.key_rules import key_steps
from authz.explain.membership_rules import membership_steps, opening_steps
from authz.explain.role_rules import role_steps
from authz.explain.steps import AccessEffect, AccessStepKind, Step, on_day
from authz.policy.permissions import ALL_PERMISSIONS, READ_PERMISSIONS, Permission
from models.accounts.tables import AccountStatus
from models.base.ids import Kind, present


def way_steps(facts: Facts, way: Way, permission: Permission) -> list[Step]:
    """The steps of a way's rules, in their order."""
    if isinstance(way, HeldMembership):
        return membership_steps(facts, way, permission)
    if isinstance(way, HeldOpening):
        return opening_steps(facts, way, permission)
    if isinstance(way, GivenShare):
        return [step for rule in _SHARE_RULES for step in rule(facts, way, permission)]
    return key_steps(facts, way, permission)


def status_steps(facts: Facts, permission: Permission) -> list[Step]:
    """The steps of the status of the account, and of those above it (T7)."""
    found = [_status(account, permission) for account in facts.path]
    steps = [step for step in found if step is not None]
    if steps:
        return steps
    kind, sentence = AccessStepKind.ACCOUNT_STATUS, f"{facts.account.label} and all above it are active."
    return [Step(kind, AccessEffect.NO_SAY, sentence, facts.account.global_id)]


def promise_steps(facts: Facts, permission: Permission) -> list[Step]:
    """What the account has promised about the permission. It decides nothing now: changes are held to it."""
    return [
        Step(
            AccessStepKind.PROMISE,
            AccessEffect.NO_SAY,
            f"{facts.account.label} has promised {permission.name} to {', '.join(promise.roles)} alone.",
            present(Kind.ACCESS_PROMISE, promise.id),
        )
        for promise in facts.promises
        if promise.permission & permission.bit
    ]


def _share(facts: Facts, way: GivenShare, permission: Permission) -> Iterator[Step]:
    kind, about = AccessStepKind.SHARE, present(Kind.SHARE, way.id)
    share = f"The share of {facts.account.label} with {facts.subject.name}"
    endings = [
        (not way.accepted, f"{share} waits to be accepted."),
        (way.expired, f"{share} expired{on_day(way.expires_at)}."),
        (way.revoked_at is not None, f"{share} was revoked{on_day(way.revoked_at)}."),
    ]
    ended = [sentence for applies, sentence in endings if applies]
    for sentence in ended:
        yield Step(kind, AccessEffect.DENIES, sentence, about, remedy=sentence)
    if not ended:
        yield Step(kind, AccessEffect.ALLOWS, f"{share} holds.", about)


def _share_gives(facts: Facts, way: GivenShare, permission: Permission) -> Iterator[Step]:
    if way.role is not None:
        yield from role_steps(facts, way.role, facts.account, permission)
        return
    about = present(Kind.SHARE, way.id)
    sentence = f"The share opens {area_names(way.areas)} alone, as to an administrator."
    if way.areas_mask & permission.bit:
        yield Step(AccessStepKind.SHARE_AREA, AccessEffect.ALLOWS, sentence, about)
    else:
        yield Step(AccessStepKind.SHARE_AREA, AccessEffect.DENIES, sentence, about, remedy=sentence)


def _hidden_areas(facts: Facts, way: GivenShare, permission: Permission) -> Iterator[Step]:
    if not way.hidden_mask:
        return
    kind, about = AccessStepKind.HIDDEN_AREA, present(Kind.SHARE, way.id)
    if way.hidden_mask & permission.bit:
        sentence = f"The area {permission.area.value} is hidden by the share."
        yield Step(kind, AccessEffect.DENIES, sentence, about, remedy=sentence)
    else:
        sentence = f"The share hides {area_names(way.hidden_areas)}, and not {permission.area.value}."
        yield Step(kind, AccessEffect.NO_SAY, sentence, about)


_LEFT_BY_OWN_STATUS = {
    AccountStatus.ACTIVE: ALL_PERMISSIONS,
    AccountStatus.SUSPENDED: (
        READ_PERMISSIONS | Permission.ACCOUNT_SUSPEND.bit | Permission.ACCOUNT_CLOSE.bit
    ),
    AccountStatus.CLOSED: READ_PERMISSIONS,
}


def _status(account: PathAccount, permission: Permission) -> Step | None:
    if account.status is AccountStatus.ACTIVE:
        return None
    left = READ_PERMISSIONS if account.depth else _LEFT_BY_OWN_STATUS[account.status]
    kind, about = AccessStepKind.ACCOUNT_STATUS, account.global_id
    state = account.status.value.lower()
    label = account.name if account.visible else "An account above"
    if left & permission.bit:
        sentence = f"{label} is {state}, which leaves {permission.name}."
        return Step(kind, AccessEffect.NO_SAY, sentence, about)
    sentence = f"{label} is {state}."
    remedy = sentence if account.status is AccountStatus.SUSPENDED else None
    return Step(kind, AccessEffect.DENIES, sentence, about, remedy=remedy)


_SHARE_RULES: tuple[Callable[[Facts, GivenShare, Permission], Iterator[Step]], ...] = (
    _share,
    _share_gives,
    _hidden_areas,
)
