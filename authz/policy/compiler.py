"""casbin's answers as bit masks.

casbin is the only source of the policy. A decision costs it 50 to 300 microseconds, so it is asked when a
policy changes: every question that can be put about a role, once, and the answers kept as one mask a relation
in the role's row. A decision is then `mask & bit`, in SQL and in Python alike.

casbin parses the matcher for each question, by `ast.parse`. In CPython 3.11 no two threads may do that at
once: "AST constructor recursion depth mismatch" fails the one or the other. Here it is parsed once, when the
module is imported; all enforcers share what came of it, and none changes it.
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
        """As casbin takes it."""
        return [self.role, self.relation.value, self.area, self.action, self.effect.value]

    def row(self, role_id: RoleId) -> dict[str, object]:
        """As the table of policy lines has it."""
        return {
            "role_id": role_id,
            "relation": self.relation.value,
            "area": self.area,
            "action": self.action,
            "effect": self.effect.value,
        }


@dataclass(frozen=True)
class RoleMasks:
    """What a role may do, as a mask for each relation."""

    member: int
    ancestor: int
    inherited: int

    def columns(self) -> dict[str, int]:
        """As the table of roles has them."""
        return {
            "member_mask": self.member,
            "ancestor_mask": self.ancestor,
            "inherited_mask": self.inherited,
        }


class _Enforcer(casbin.Enforcer):  # type: ignore[misc]  # casbin has no types
    """casbin's, whose matcher is parsed already. Any number of threads may each have one."""

    parsed: ClassVar[dict[str, ast.expr]] = {}
    """What came of each matcher, as the model has it."""

    @classmethod
    def parse(cls, model: Path) -> None:
        """Parse the model's matchers."""
        for matcher in casbin.Enforcer(str(model)).model["m"].values():
            cls.parsed[matcher.value] = casbin.Enforcer._get_expression(matcher.value).ast_parsed_value

    @staticmethod
    def _get_expression(expr: str, functions: Mapping[str, Callable[..., Any]] | None = None) -> SimpleEval:
        """Called by casbin for each question: what evaluates the matcher."""
        evaluator = SimpleEval("", functions)
        evaluator.ast_parsed_value = _Enforcer.parsed[expr]
        return evaluator


_Enforcer.parse(POLICY_FOLDER / "model.conf")


def read_policy(folder: Path = POLICY_FOLDER) -> list[PolicyLine]:
    """The lines of policy.csv, as casbin read them, in the file's order."""
    enforcer = casbin.Enforcer(str(folder / "model.conf"), str(folder / "policy.csv"))
    return [
        PolicyLine(role, Relation(relation), area, action, Effect(effect))
        for role, relation, area, action, effect in enforcer.get_policy()
    ]


def build_enforcer(lines: Iterable[PolicyLine]) -> casbin.Enforcer:
    """A fresh enforcer over these lines: enforcers are built anew and never changed under readers."""
    enforcer = _Enforcer(str(POLICY_FOLDER / "model.conf"))
    enforcer.add_policies([line.fields() for line in lines])
    return enforcer


def compile_role(role: str, lines: Iterable[PolicyLine]) -> RoleMasks:
    """Ask the enforcer everything that can be asked about the role."""
    enforcer = build_enforcer(line for line in lines if line.role == role)
    return RoleMasks(*(_mask(enforcer, role, relation) for relation in Relation))


def _mask(enforcer: casbin.Enforcer, role: str, relation: Relation) -> int:
    return sum(
        permission.bit
        for permission in Permission
        if enforcer.enforce(role, relation.value, permission.area.value, permission.action) is True
    )
