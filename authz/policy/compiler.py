"""casbin's answers as bit masks.

casbin is the only source of the policy. It takes 50 to 300 microseconds for a decision, so it decides when a
policy changes: every possible question about a role, once. The role's row keeps the answers, one mask for
each relation. A decision is then `mask & bit`, in SQL and in Python.

casbin parses the matcher for each question with `ast.parse`. In CPython 3.11 two threads that do that at once
fail with "AST constructor recursion depth mismatch". So the matcher is parsed once, when this module is
imported. All enforcers share the result and none changes it.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import casbin
from casbin.util import SimpleEval

from authz.policy.permissions import Permission
from models.base.ids import RoleId
from models.roles.tables import Effect, Relation

POLICY_FOLDER = Path(__file__).parent


@dataclass(frozen=True, order=True)
class PolicyLine:
    """One line of the policy. `*` stands for every area or action."""

    role: str
    relation: Relation
    area: str
    action: str
    effect: Effect

    def fields(self) -> list[str]:
        """The line as casbin takes it."""
        return [self.role, self.relation.value, self.area, self.action, self.effect.value]

    def row(self, role_id: RoleId) -> dict[str, object]:
        """The line as a row of `role_policy_lines`."""
        return {
            "role_id": role_id,
            "relation": self.relation.value,
            "area": self.area,
            "action": self.action,
            "effect": self.effect.value,
        }


@dataclass(frozen=True)
class RoleMasks:
    """What a role allows, one mask for each relation."""

    member: int
    ancestor: int
    inherited: int

    def columns(self) -> dict[str, int]:
        """The masks as columns of `roles`."""
        return {
            "member_mask": self.member,
            "ancestor_mask": self.ancestor,
            "inherited_mask": self.inherited,
        }

    def gives_more_than(self, other: "RoleMasks") -> bool:
        """Whether it allows something that the other one does not, in any relation."""
        gained = self.member & ~other.member, self.ancestor & ~other.ancestor
        return any((*gained, self.inherited & ~other.inherited))


class _Enforcer(casbin.Enforcer):  # type: ignore[misc]  # casbin has no types
    """casbin's enforcer with a matcher that is parsed already. Each thread may have one."""

    parsed: ClassVar[dict[str, ast.expr]] = {}
    """The syntax tree of each matcher, by its text in the model."""

    @classmethod
    def parse(cls, model: Path) -> None:
        """Parse the model's matchers."""
        for matcher in casbin.Enforcer(str(model)).model["m"].values():
            cls.parsed[matcher.value] = casbin.Enforcer._get_expression(matcher.value).ast_parsed_value

    @staticmethod
    def _get_expression(expr: str, functions: Mapping[str, Callable[..., Any]] | None = None) -> SimpleEval:
        """The evaluator of the matcher. casbin calls this for each question."""
        evaluator = SimpleEval("", functions)
        evaluator.ast_parsed_value = _Enforcer.parsed[expr]
        return evaluator


_Enforcer.parse(POLICY_FOLDER / "model.conf")


def read_policy(folder: Path = POLICY_FOLDER) -> list[PolicyLine]:
    """The lines of policy.csv as casbin reads them, in the file's order."""
    enforcer = casbin.Enforcer(str(folder / "model.conf"), str(folder / "policy.csv"))
    return [
        PolicyLine(role, Relation(relation), area, action, Effect(effect))
        for role, relation, area, action, effect in enforcer.get_policy()
    ]


def build_enforcer(lines: Iterable[PolicyLine]) -> casbin.Enforcer:
    """A new enforcer over these lines. No enforcer is ever changed, so readers need no lock."""
    enforcer = _Enforcer(str(POLICY_FOLDER / "model.conf"))
    enforcer.add_policies([line.fields() for line in lines])
    return enforcer


def compile_role(role: str, lines: Iterable[PolicyLine]) -> RoleMasks:
    """The masks of the role: the enforcer's answers to every possible question."""
    enforcer = build_enforcer(line for line in lines if line.role == role)
    return RoleMasks(*(_mask(enforcer, role, relation) for relation in Relation))


def _mask(enforcer: casbin.Enforcer, role: str, relation: Relation) -> int:
    return sum(
        permission.bit
        for permission in Permission
        if enforcer.enforce(role, relation.value, permission.area.value, permission.action) is True
    )
