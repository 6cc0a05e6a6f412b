"""What denies somebody access, and which single change would give it (N1)."""

from collections.abc import Iterator

from authz.explain.facts import AskedKey, Facts, PathAccount
from authz.explain.judging import NOT_VISIBLE, Judged, JudgedWay
from authz.explain.link_rules import all_let_pass
from authz.explain.steps import AccessStepKind, Miss, Step
from authz.policy.builtin_roles import BuiltinRole, compiled
from authz.policy.permissions import Permission
from models.base.ids import Kind, present
from models.roles.tables import Relation


def misses(facts: Facts, judged: Judged) -> tuple[Miss, ...]:
    """The nearest first. None where access is allowed, and where no change would allow it."""
    closed = any(step.remedy is None for step in judged.denying_over_all)
    if judged.allowed or closed:
        return ()
    found = [_miss(step, enough=_is_all(step, judged)) for step in judged.denying_over_all]
    if not (judged.given and judged.visible):
        found += _of_ways(judged)
        found += _of_roles(facts, judged)
    return tuple(sorted(dict.fromkeys(found), key=lambda miss: not miss.enough))


def place_of_remedy(facts: Facts, permission: Permission) -> PathAccount:
    """The account in which a role for a member, or a change of the key, would allow it."""
    for way in facts.ways:
        if isinstance(way, AskedKey) and way.account is not None:
            return way.account
    from_above = permission is Permission.ACCOUNT_SUSPEND and len(facts.path) > 1
    return facts.path[1] if from_above else facts.account


def _is_all(step: Step, judged: Judged) -> bool:
    return judged.given and judged.visible and judged.denying_over_all == [step]


def _of_ways(judged: Judged) -> Iterator[Miss]:
    """Misses of the ways that lack the least, if all that they lack can be mended."""
    if judged.given:
        yield _miss(NOT_VISIBLE, enough=not judged.denying_over_all)
        return
    mendable = [way for way in judged.ways if all(step.remedy is not None for step in way.denying)]
    fewest = min((len(way.denying) for way in mendable), default=0)
    for way in mendable:
        if len(way.denying) == fewest:
            enough = fewest == 1 and _would_show(way, judged) and not judged.denying_over_all
            yield from (_miss(step, enough=enough) for step in way.denying)


def _would_show(way: JudgedWay, judged: Judged) -> bool:
    """Whether the account would be visible, once the denying steps are mended."""
    mended = {step.kind for step in way.denying}
    return judged.visible or {step.kind for step in way.not_visible_for} <= mended


def _miss(step: Step, *, enough: bool) -> Miss:
    return Miss(step.kind, step.remedy or step.sentence, step.about, enough)


def _of_roles(facts: Facts, judged: Judged) -> Iterator[Miss]:
    """The narrowest role that would allow it: in the account, or above it for what is only held from
    above."""
    place, permission = place_of_remedy(facts, judged.permission), judged.permission
    relation = Relation.ANCESTOR if place.depth else Relation.MEMBER
    role = _narrowest(relation, permission)
    if role is None:
        return
    about, enough = present(Kind.ROLE, role.id), not judged.denying_over_all
    if facts.subject.api_key_id is None:
        sentence = f"The role {role.name} in {place.label} would allow it."
    elif role is not BuiltinRole.OWNER and all_let_pass(facts, place, permission):
        sentence = f"A key of {place.label} with the role {role.name} would be allowed it."
    else:
        return
    yield Miss(AccessStepKind.ROLE, sentence, about, enough)


def _narrowest(relation: Relation, permission: Permission) -> BuiltinRole | None:
    by_relation = {Relation.MEMBER: "member_mask", Relation.ANCESTOR: "ancestor_mask"}
    masks = {role: masks.columns()[by_relation[relation]] for role, masks in compiled().items()}
    allowing = [role for role, mask in masks.items() if mask & permission.bit]
    ranks = {role: (masks[role].bit_count(), role is BuiltinRole.OWNER) for role in allowing}
    return min(allowing, key=ranks.__getitem__, default=None)
