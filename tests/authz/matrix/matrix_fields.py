"""What every root field answers to every kind of caller, and who reads which field of an account.

Each area has a table of it in `tests/areas/<area>/matrix.py`, written by hand from the documentation.
"""

from collections.abc import Set

from models.areas import modules_of_areas
from models.base.ids import Kind
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, INSIDE, OUTSIDE, Stage
from tests.authz.matrix.matrix_rows import (
    ANYBODY,
    Mutation,
    NodeOf,
    Query,
    Subscription,
    Values,
    account_id,
    table,
)

_AREAS = [vars(area) for area in modules_of_areas("tests.areas.{area}.matrix")]


async def _account_ids(stage: Stage) -> Values:
    return {"ids": [stage.account.id]}


MUTATIONS: dict[str, Mutation] = {
    name: row for area in _AREAS for name, row in area.get("MUTATIONS", {}).items()
}

STAFF_MUTATIONS: frozenset[str] = frozenset(
    name for area in _AREAS for name in area.get("STAFF_MUTATIONS", ())
)
"""Those of platform staff. Each has the mark `@staffOnly`."""

QUERIES: dict[str, Query] = {
    "node": Query(None, table((ANONYMOUS | OUTSIDE, "null"), (INSIDE, DONE)), "{ id }", account_id),
    # A list of one null for those who may not, see `test_nodes_answers_as_node_does`.
    "nodes": Query(None, table((ANYBODY, DONE)), "{ id }", _account_ids),
    **{name: row for area in _AREAS for name, row in area.get("QUERIES", {}).items()},
}

SUBSCRIPTIONS: dict[str, Subscription] = {
    name: row for area in _AREAS for name, row in area.get("SUBSCRIPTIONS", {}).items()
}

ACCOUNT_FIELDS: dict[str, tuple[str, Set[str]]] = {
    name: needed for area in _AREAS for name, needed in area.get("ACCOUNT_FIELDS", {}).items()
}
"""The fields of an account that need a permission of their own, and who has it."""

NODES: dict[Kind, NodeOf] = {kind: node for area in _AREAS for kind, node in area.get("NODES", {}).items()}
"""An object of every kind."""
