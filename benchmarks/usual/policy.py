"""casbin: may a role, held in this relation to an account, do this there?

The policy is read from the database when the server starts. The lines of a role and relation are found by
casbin's own index, so that a decision looks at a few lines instead of all.
"""

from functools import cache

import casbin
from casbin.model import FastModel, Model
from casbin.persist import Adapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from authz.policy.permissions import Permission
from benchmarks.usual.tables import RolePolicyLine

_MODEL = """
[request_definition]
r = role, relation, area, action
[policy_definition]
p = role, relation, area, action, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.role == p.role && r.relation == p.relation && (p.area == r.area || p.area == "*") \
&& (p.action == r.action || p.action == "*")
"""


_INDEX = (0, 1)
"""By role and relation."""


class _Lines(Adapter):  # type: ignore[misc]  # casbin has no types
    def __init__(self, lines: list[list[str]]) -> None:
        self._lines = lines

    def load_policy(self, model: Model) -> None:
        for line in self._lines:
            model.add_policy("p", "p", line)


class Policy:
    """What roles allow."""

    def __init__(self, lines: list[list[str]]) -> None:
        model = FastModel(_INDEX)
        model.load_model_from_text(_MODEL)
        self._enforcer = casbin.FastEnforcer(model, _Lines(lines), cache_key_order=_INDEX)
        self.mask = cache(self._mask)

    def allows(self, role: str, relation: str, permission: Permission) -> bool:
        """Ask casbin."""
        area, _, action = permission.name.rpartition("_")
        return bool(self._enforcer.enforce(role, relation, area, action))

    def _mask(self, role: str, relation: str) -> int:
        """All that the role allows there, asked once."""
        return sum(1 << one.value for one in Permission if self.allows(role, relation, one))


async def load_policy(session: AsyncSession) -> Policy:
    """All lines; what holds for a role above also holds where all roles are passed down."""
    lines: list[list[str]] = []
    for row in await session.scalars(select(RolePolicyLine)):
        relations = ["ancestor", "inherited"] if row.relation == "ancestor" else [row.relation]
        what = [row.area, row.action, row.effect]
        lines += [[str(row.role_id), relation, *what] for relation in relations]
    return Policy(lines)
