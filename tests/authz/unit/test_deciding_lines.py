"""The line that an explanation shows is one by which casbin decides."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.compiler import POLICY_FOLDER, PolicyLine, build_enforcer, read_policy
from authz.policy.deciding_lines import as_text, deciding_line
from authz.policy.permissions import Area, Permission
from models.roles.tables import Effect, Relation

_AREAS = ("*", Area.CONTACTS.value, Area.CREDIT.value)
_LINES = st.lists(
    st.builds(
        PolicyLine,
        st.just("role"),
        st.sampled_from(Relation),
        st.sampled_from(_AREAS),
        st.sampled_from(("*", "READ", "WRITE")),
        st.sampled_from(Effect),
    ),
    max_size=6,
    unique=True,
)
_ASKED = (Permission.CONTACTS_READ, Permission.CONTACTS_WRITE, Permission.CREDIT_READ, Permission.PLAN_READ)


def _assert_as_casbin(role: str, lines: list[PolicyLine], permissions: tuple[Permission, ...]) -> None:
    enforcer = build_enforcer(lines)
    for relation in Relation:
        for permission in permissions:
            line = deciding_line(lines, relation, permission)
            allowed = enforcer.enforce(role, relation.value, permission.area.value, permission.action)
            assert (line is not None and line.effect is Effect.ALLOW) == allowed, (relation, permission)


@pytest.mark.parametrize("role", BuiltinRole, ids=lambda role: role.name)
def test_lines_of_built_in_roles(role: BuiltinRole) -> None:
    lines = [line for line in read_policy() if line.role == role.name]
    _assert_as_casbin(role.name, lines, tuple(Permission))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(lines=_LINES)
def test_lines_of_any_role(lines: list[PolicyLine]) -> None:
    """Deny lines, stars and all relations mixed."""
    _assert_as_casbin("role", lines, _ASKED)


def test_a_line_is_shown_as_it_stands_in_the_file() -> None:
    text = (POLICY_FOLDER / "policy.csv").read_text("utf-8").splitlines()
    assert {as_text(line) for line in read_policy()} == {line for line in text if line.startswith("p, ")}


def test_a_deny_line_is_shown_before_what_it_overrules_and_the_narrowest_before_wider_ones() -> None:
    wide = PolicyLine("role", Relation.MEMBER, "*", "*", Effect.ALLOW)
    narrow = PolicyLine("role", Relation.MEMBER, "CONTACTS", "READ", Effect.ALLOW)
    deny = PolicyLine("role", Relation.MEMBER, "*", "READ", Effect.DENY)
    assert deciding_line([wide, narrow], Relation.MEMBER, Permission.CONTACTS_READ) == narrow
    assert deciding_line([wide, narrow, deny], Relation.MEMBER, Permission.CONTACTS_READ) == deny
    assert deciding_line([narrow], Relation.MEMBER, Permission.CONTACTS_WRITE) is None
