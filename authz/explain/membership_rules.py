"""The rules for memberships: in their account, below it, and by break-glass (N1, N3)."""

from collections.abc import Callable, Iterator

from authz.explain.facts import Facts, HeldMembership, HeldOpening
from authz.explain.role_rules import role_steps
from authz.explain.steps import AccessEffect, AccessStepKind, Step, on_day
from authz.policy.permissions import Permission
from models.accounts.tables import ParentAccess
from models.base.ids import Kind, present


def membership_steps(facts: Facts, way: HeldMembership, permission: Permission) -> list[Step]:
    """The steps of a membership's rules, in their order."""
    return [step for rule in _MEMBERSHIP_RULES for step in rule(facts, way, permission)]


def opening_steps(facts: Facts, way: HeldOpening, permission: Permission) -> list[Step]:
    """The steps of a break-glass opening's rules, in their order."""
    return [step for rule in _OPENING_RULES for step in rule(facts, way, permission)]


def _membership(facts: Facts, way: HeldMembership, permission: Permission) -> Iterator[Step]:
    # The id as the account's members show it: seen from below, it also names the account that it is seen
    # from.
    about = present(Kind.MEMBER, way.id) + (f"_{facts.account.id}" if way.account.depth else "")
    kind, who, where = AccessStepKind.MEMBERSHIP, facts.subject.name, way.account.label
    if way.holds:
        yield Step(kind, AccessEffect.ALLOWS, f"{who} is a member of {where}.", about)
    else:
        sentence = f"The membership of {who} in {where} expired{on_day(way.expires_at)}."
        yield Step(kind, AccessEffect.DENIES, sentence, about, remedy=sentence)


def _membership_role(facts: Facts, way: HeldMembership, permission: Permission) -> Iterator[Step]:
    yield from role_steps(facts, way.role, way.account, permission)


def _user_rights(facts: Facts, way: HeldMembership, permission: Permission) -> Iterator[Step]:
    """The limit that platform staff have set for the person in the accounts below (R73)."""
    if way.below_limit is None or not way.account.depth:
        return
    kind, until = AccessStepKind.USER_RIGHTS, on_day(way.below_limit_until).replace(" on ", " until ", 1)
    who, where = facts.subject.name, way.account.label
    if way.below_limit & permission.bit:
        sentence = f"Platform support lets {who} use {permission.name} below {where}{until}."
        yield Step(kind, AccessEffect.ALLOWS, sentence)
        return
    sentence = f"Platform support keeps {permission.name} from {who} below {where}{until}."
    yield Step(kind, AccessEffect.DENIES, sentence, remedy=sentence)


def _opening(facts: Facts, way: HeldOpening, permission: Permission) -> Iterator[Step]:
    is_known = facts.subject.is_asker or way.account.shows(Permission.AUDIT_READ)
    about = present(Kind.BREAK_GLASS, way.id) if is_known else None
    kind, who, where = AccessStepKind.BREAK_GLASS, facts.subject.name, way.account.label
    if way.holds:
        yield Step(kind, AccessEffect.ALLOWS, f"{who} opened {where} by break-glass.", about)
        return
    how = f"was ended{on_day(way.ended_at)}" if way.ended_at else f"expired{on_day(way.expires_at)}"
    sentence = f"The break-glass of {where} by {who} {how}."
    yield Step(kind, AccessEffect.DENIES, sentence, about, remedy=sentence)


def _opened_mode(facts: Facts, way: HeldOpening, permission: Permission) -> Iterator[Step]:
    # Without a remedy: a change of the mode has ended the opening for good.
    if way.account.parent_access is not ParentAccess.BREAK_GLASS:
        sentence = f"{way.account.label} cannot be opened by break-glass now: its parentAccess has changed."
        yield Step(AccessStepKind.PARENT_ACCESS, AccessEffect.DENIES, sentence, way.account.global_id)


def _membership_above(facts: Facts, way: HeldOpening, permission: Permission) -> Iterator[Step]:
    held, where = way.membership, way.account.label
    if held is None:
        sentence = f"Nothing that {facts.subject.name} holds above {where} reaches down to it."
        yield Step(AccessStepKind.MEMBERSHIP, AccessEffect.DENIES, sentence)
        return
    yield from _membership(facts, held, permission)
    yield from _user_rights(facts, held, permission)
    yield from role_steps(facts, held.role, held.account, permission, opened=way.account)


_MEMBERSHIP_RULES: tuple[Callable[[Facts, HeldMembership, Permission], Iterator[Step]], ...] = (
    _membership,
    _user_rights,
    _membership_role,
)
_OPENING_RULES: tuple[Callable[[Facts, HeldOpening, Permission], Iterator[Step]], ...] = (
    _opening,
    _opened_mode,
    _membership_above,
)
