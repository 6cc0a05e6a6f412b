"""Which line of the policy decides a question. An explanation shows it beside casbin's answer.

A role's masks hold casbin's answers, but not the lines that they come from. This module finds the line by the
rules of `policy/model.conf`. The tests compare it with casbin.
"""

from collections.abc import Iterable

from authz.policy.compiler import PolicyLine
from authz.policy.permissions import Permission
from models.roles.tables import Effect, Relation


def deciding_line(
    lines: Iterable[PolicyLine], relation: Relation, permission: Permission
) -> PolicyLine | None:
    """The line of a role that decides: a deny line if one matches, else the narrowest that allows.

    None: no line matches, so the permission is denied.
    """
    matching = [line for line in lines if _matches(line, relation, permission)]
    denying = [line for line in matching if line.effect is Effect.DENY]
    return min(denying or matching, key=_breadth, default=None)


def as_text(line: PolicyLine) -> str:
    """The line as policy.csv writes it."""
    return ", ".join(["p", *line.fields()])


def _matches(line: PolicyLine, relation: Relation, permission: Permission) -> bool:
    holds = line.relation is relation or (
        relation is Relation.INHERITED and line.relation is Relation.ANCESTOR
    )
    return holds and line.area in ("*", permission.area.value) and line.action in ("*", permission.action)


def _breadth(line: PolicyLine) -> tuple[int, list[str]]:
    return [line.area, line.action].count("*"), line.fields()
