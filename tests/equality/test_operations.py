"""The drawing of operations: what it rests on, and that an example that fails can be told."""

from collections.abc import Mapping

from hypothesis.vendor.pretty import pretty

from engine.declare.paging import Order
from engine.declare.selections import sql_field
from server.graphql.runner import OperationRunner
from tests.equality.drawn.arguments import NOT_IN_THE_SCENE
from tests.equality.drawn.operations import operations
from tests.equality.drawn.scene import Scene
from tests.equality.drawn.selections import lead_to_interfaces
from tests.equality.drawn.vocabulary import Vocabulary

_LONGEST = 1_000
"""Characters. Hypothesis warns of 30,000 in all, and a warning is an error that hides what failed."""


def test_every_list_has_cursors(executor: OperationRunner, vocabularies: Mapping[str, Vocabulary]) -> None:
    """Else a list would fail where an example happens to have a cursor of it."""
    fields = [
        found.declaration
        for type_ in executor.schema.type_map.values()
        for field in getattr(type_, "fields", {}).values()
        if (found := sql_field(field)) is not None
    ]
    tags = {declared.order.tag for declared in fields if isinstance(declared.order, Order)}
    cursors = next(iter(vocabularies.values())).cursors.keys()
    assert tags - cursors == NOT_IN_THE_SCENE
    assert len(tags & cursors) > 40


def test_what_leads_to_objects_of_several_types(executor: OperationRunner) -> None:
    """Below these, response keys are kept apart: else rarely a document would be invalid."""
    assert lead_to_interfaces(executor.schema) == {"node", "nodes", "explainAccess"}


def test_what_fails_is_told_in_short(
    executor: OperationRunner, scene: Scene, vocabularies: Mapping[str, Vocabulary]
) -> None:
    strategy = operations(executor.schema, next(iter(vocabularies.values())))
    assert len(repr(strategy)) < _LONGEST
    assert len(pretty(scene)) < _LONGEST
    assert len(pretty(vocabularies)) < 2 * _LONGEST
