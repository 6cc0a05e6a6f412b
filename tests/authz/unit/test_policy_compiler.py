"""casbin's answers as masks: the compiler against allow and deny written out by hand, on random policies."""

import casbin
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.policy.compiler import POLICY_FOLDER, PolicyLine, RoleMasks, build_enforcer, compile_role
from authz.policy.permissions import Area, Permission
from models.roles.tables import Effect, Relation
from tests.authz.escalation.profiles import examples

ROLES = ("EDITOR", "AUDITOR", "editor")
"""Names that casbin must keep apart."""

areas = st.sampled_from(["*", *(area.value for area in Area)])
actions = st.sampled_from(["*", "READ", "WRITE", "SEND", "TRANSFER", "SUSPEND", "CLOSE"])
lines = st.builds(
    PolicyLine,
    role=st.sampled_from(ROLES),
    relation=st.sampled_from(Relation),
    area=areas,
    action=actions,
    effect=st.sampled_from(Effect),
)
policies = st.lists(lines, max_size=12)
"""With repetitions, which change nothing."""


def _matches(line: PolicyLine, role: str, relation: Relation, permission: Permission) -> bool:
    inherits = relation is Relation.INHERITED and line.relation is Relation.ANCESTOR
    return (
        line.role == role
        and (line.relation is relation or inherits)
        and line.area in ("*", permission.area.value)
        and line.action in ("*", permission.action)
    )


def _allowed(policy: list[PolicyLine], role: str, relation: Relation, permission: Permission) -> bool:
    """Some line allows, and none denies."""
    effects = {line.effect for line in policy if _matches(line, role, relation, permission)}
    return effects == {Effect.ALLOW}


def _masks(policy: list[PolicyLine], role: str) -> RoleMasks:
    member, ancestor, inherited = (
        sum(permission.bit for permission in Permission if _allowed(policy, role, relation, permission))
        for relation in (Relation.MEMBER, Relation.ANCESTOR, Relation.INHERITED)
    )
    return RoleMasks(member=member, ancestor=ancestor, inherited=inherited)


@examples(40)
@given(policies)
def test_masks_are_what_the_lines_say(policy: list[PolicyLine]) -> None:
    """Allow, deny, wildcards, relations, in whatever order and however often."""
    for role in ROLES:
        assert compile_role(role, policy) == _masks(policy, role)


@examples(8)
@given(policies)
def test_masks_are_what_a_fresh_enforcer_says(policy: list[PolicyLine]) -> None:
    """One enforcer over all roles' lines, asked one question at a time, without the compiler."""
    enforcer = casbin.Enforcer(str(POLICY_FOLDER / "model.conf"))
    for line in policy:
        enforcer.add_policy(*line.fields())
    role = policy[0].role if policy else ROLES[0]
    masks = compile_role(role, policy)
    for relation, mask in zip(Relation, (masks.member, masks.ancestor, masks.inherited), strict=True):
        for permission in Permission:
            asked = (role, relation.value, permission.area.value, permission.action)
            assert enforcer.enforce(*asked) is bool(mask & permission.bit), asked


@examples(15)
@given(st.data(), policies)
def test_the_order_of_lines_means_nothing(data: st.DataObject, policy: list[PolicyLine]) -> None:
    """Deny wins wherever it stands."""
    shuffled = data.draw(st.permutations(policy))
    assert [compile_role(role, shuffled) for role in ROLES] == [compile_role(role, policy) for role in ROLES]


@examples(15)
@given(policies, lines)
def test_a_deny_line_only_takes_away(policy: list[PolicyLine], line: PolicyLine) -> None:
    """And an allow line only gives."""
    before = compile_role(line.role, policy)
    after = compile_role(line.role, [*policy, line])
    for old, new in zip(_values(before), _values(after), strict=True):
        smaller, larger = (new, old) if line.effect is Effect.DENY else (old, new)
        assert smaller & ~larger == 0


def test_no_lines_give_nothing() -> None:
    """Default deny."""
    assert compile_role("EDITOR", []) == RoleMasks(0, 0, 0)
    assert compile_role("nobody", [_line("EDITOR", "member", "*", "*", "allow")]) == RoleMasks(0, 0, 0)


@pytest.mark.parametrize("relation", ["member", "ancestor", "inherited"])
def test_inherited_is_more_than_ancestor(relation: str) -> None:
    """What holds below in any case holds below an account that passes all roles down, and not otherwise."""
    masks = compile_role("EDITOR", [_line("EDITOR", relation, "ACCOUNT", "READ", "allow")])
    read = Permission.ACCOUNT_READ.bit
    assert (
        masks
        == {
            "member": RoleMasks(member=read, ancestor=0, inherited=0),
            "ancestor": RoleMasks(member=0, ancestor=read, inherited=read),
            "inherited": RoleMasks(member=0, ancestor=0, inherited=read),
        }[relation]
    )


def test_a_role_is_no_pattern() -> None:
    """`*` stands for areas and actions alone: a role of that name gives nobody else anything."""
    policy = [_line("*", "member", "*", "*", "allow")]
    assert compile_role("EDITOR", policy) == RoleMasks(0, 0, 0)
    enforcer = build_enforcer(policy)
    assert enforcer.enforce("EDITOR", "member", "ACCOUNT", "READ") is False


def _line(role: str, relation: str, area: str, action: str, effect: str) -> PolicyLine:
    return PolicyLine(role, Relation(relation), area, action, Effect(effect))


def _values(masks: RoleMasks) -> tuple[int, int, int]:
    return masks.member, masks.ancestor, masks.inherited
