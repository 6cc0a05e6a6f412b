"""The drawing of operations: what it rests on, and that an example that fails can be told."""

from collections.abc import Mapping

from hypothesis.vendor.pretty import pretty

from server.graphql.runner import OperationRunner
from tests.equality.drawn.operations import operations
from tests.equality.drawn.scene import Scene
from tests.equality.drawn.selections import lead_to_interfaces
from tests.equality.drawn.vocabulary import Vocabulary

_LONGEST = 1_000
"""Characters. Hypothesis warns of 30,000 in all, and a warning is an error that hides what failed."""


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
