"""Queries of authenticated callers, each read by one statement; and the plans of mutations' payloads."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import strawberry
from graphql import ExecutionResult

from authz.callers.principals import PrincipalKind
from authz.policy.refusals import TryLater
from authz.reach.reach import PRINCIPAL
from authz.wall.freshness import REVISION_NAME, Revision, entering_at_least
from authz.wall.row_security import entering
from authz.wall.tree_door import gates
from engine.base.client_values import NotCompilableError
from engine.base.field_errors import BadArgument
from engine.base.preamble import CLOSED
from engine.base.spans import span
from engine.compiled.denials import MARKER, settled
from engine.compiled.query_plans import Asked, Part, QueryPlan, QueryPlans, WholeQuery
from engine.compiled.readiness import prepare_fragments
from engine.compiled.shapes import Variables
from server.database.replica_choice import Reads
from server.failures.errors import RevisionUnknown, Unauthenticated
from server.fairness.admission import Admission
from server.fairness.cost_budgets import CostBudgets
from server.fairness.gate import Caller
from server.logs.metrics import count_plan, plan_bytes

SETTLED_AT_ONCE = 50_000
"""Bytes of an answer; the errors of a longer one are put together beside the event loop."""

_DONE = object()
_QUERIES = {kind: WholeQuery(PRINCIPAL, kind) for kind in (None, *PrincipalKind)}


class CompiledReads:
    """A known plan runs at once. An unknown one is compiled beside the event loop, in its caller's turn."""

    def __init__(
        self, schema: strawberry.Schema, reads: Reads, admission: Admission, budgets: CostBudgets
    ) -> None:
        self._schema = schema
        self._reads = reads
        self._budgets = budgets
        self._admission = admission
        self._plans = QueryPlans(schema, gates(entering()))
        self._plans_at_least = QueryPlans(schema, gates(entering_at_least()))

    async def answer(
        self,
        asked: Asked,
        kind: PrincipalKind | None,
        binds: Mapping[str, Any],
        revision: Revision | None,
        caller: Caller,
        *,
        fresh: bool,
    ) -> ExecutionResult | bytes:
        """The answer: text as it is, or a result where fields were denied.

        `binds`: the values that the statement names itself. With `fresh` the primary's. Raises
        NotCompilableError, Unauthenticated where nobody has the token, RevisionUnknown, and where too much is
        asked at once RateLimited and Busy.
        """
        plans = self._plans if revision is None else self._plans_at_least
        part = _QUERIES[kind]
        known = plans.known(asked, part)
        count_plan(known=known is not None)
        plan, variables = known or await self._find(plans, caller, asked, part)
        try:
            values = plan.values(variables, {**binds, REVISION_NAME: revision})
            far = None if plan.far is None else plan.far.read(variables)
        except BadArgument as error:
            raise NotCompilableError from error  # the reference executor reports the place
        if not self._budgets.charge_at_once(caller, plan.cost):
            await self._budgets.charge(caller, plan.cost)
        answer = await self._reads.answer(plan, values, far, caller, fresh=fresh or revision is not None)
        if answer is None:
            raise Unauthenticated
        if answer == CLOSED:
            raise RevisionUnknown
        return answer if MARKER not in answer else await self._settled(answer, plan, caller)

    async def prepare(self, asked: Asked, caller: Caller) -> None:
        """Compile a query as each kind of principal would ask it."""
        for kind in PrincipalKind:
            await self._find(self._plans, caller, asked, _QUERIES[kind])

    async def prepare_fragments(self, caller: Caller) -> None:
        """Build what documents are put together from, for the whole schema, a little at a time."""
        steps = prepare_fragments(self._schema)
        while await self._admission.beside(caller, partial(next, steps, _DONE)) is not _DONE:
            pass

    async def find_payload(
        self, caller: Caller, asked: Asked, part: Part, coerced: Variables
    ) -> tuple[QueryPlan, Variables]:
        """The plan of a mutation's payload.

        Raises NotCompilableError, also where too much is asked at once: what was done is answered in any
        case, and the reference executor reads what cannot be compiled now.
        """
        try:
            known = self._plans.known(asked, part, coerced)
            return known or await self._find(self._plans, caller, asked, part, coerced)
        except TryLater as refusal:
            raise NotCompilableError from refusal

    async def _find(
        self, plans: QueryPlans, caller: Caller, asked: Asked, part: Part, coerced: Variables | None = None
    ) -> tuple[QueryPlan, Variables]:
        with span("compile"):
            found = await self._admission.beside(caller, partial(plans.find, asked, part, coerced))
        plan_bytes.set(self._plans.size + self._plans_at_least.size)
        return found

    async def _settled(self, answer: bytes, plan: QueryPlan, caller: Caller) -> ExecutionResult:
        settle = partial(settled, answer, plan.denials)
        at_once = len(answer) <= SETTLED_AT_ONCE
        return ExecutionResult(*(settle() if at_once else await self._admission.beside(caller, settle)))
