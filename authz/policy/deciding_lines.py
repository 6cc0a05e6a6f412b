"""Which line of the policy decides a question: what an explanation shows beside casbin's answer.

casbin's answers stand in the masks of a role. A mask does not say which line it came from, so the line is
found here, by the rules of `policy/model.conf`; the tests hold this to casbin.
"""

from collections.abc import Iterable

from authz.policy.compiler import PolicyLine
from authz.policy.permissions import Permission
from models.roles.tables import Effect, Relation


def deciding_line(
    lines: Iterable[PolicyLine], relation: Relation, permission: Permission
) -> PolicyLine | None:
    """Of a role's lines the one that decides: a deny line if there is one, else the narrowest that allows.

    None: no line speaks of it, so it is denied.
    """
    matching = [line for line in lines if _matches(line, relation, permission)]
    denying = [line for line in matching if line.effect is Effect.DENY]
    return min(denying or matching, key=_breadth, default=None)


def as_text(line: PolicyLine) -> str:
    """As it stands in policy.csv."""
    return ", ".join(["p", *line.fields()])


def _matches(line: PolicyLine, relation: Relation, permission: Permission) -> bool:
    holds = line.relation is relation or (
        relation is Relation.INHERITED and line.relation is Relation.ANCESTOR
    )
    return holds and line.area in ("*", permission.area.value) and line.action in ("*", permission.action)


def _breadth(line: PolicyLine) -> tuple[int, list[str]]:
    return [line.area, line.action].count("*"), line.fields()
