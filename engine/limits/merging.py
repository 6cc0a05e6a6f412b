"""How often a document's fields are compared with each other, counted before anything compares them.

Fields of one response name in one place become one, also where fragments bring them together, and what stands
in them comes together as well. Validation compares each two of them, and each two of the fragments.
"""

from collections.abc import Iterable, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from engine.limits.excess import refuse_beyond

PAIR_LIMIT = 8_000
"""How many pairs of fields of one response name, and of fragments, an operation may bring together: 70
fragments that meet in one object and share two fields. Validation takes 3 to 7 microseconds for each."""


def check_merging(
    operations: Iterable[OperationDefinitionNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> None:
    """Raise COST_EXCEEDED if an operation brings too many fields or fragments together.

    `fragments`: by their names, none in a circle. It takes as long as the operation has fields with its
    fragments written out.
    """
    for operation in operations:
        _Pairs(fragments).count([operation.selection_set])


class _Pairs:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._found = 0

    def count(self, together: list[SelectionSetNode]) -> None:
        """Count the pairs in selections that become one, and in what stands in them."""
        fields: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        waiting = list(together)
        while waiting:
            for node in waiting.pop().selections:
                if isinstance(node, FieldNode):
                    name = (node.alias or node.name).value
                    fields.setdefault(name, []).append(node)
                elif isinstance(node, InlineFragmentNode):
                    waiting.append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                    spread.add(node.name.value)
                    if node.name.value in self._fragments:
                        waiting.append(self._fragments[node.name.value].selection_set)
        self._add(len(spread))
        for nodes in fields.values():
            self._add(len(nodes))
        for nodes in fields.values():
            inner = [node.selection_set for node in nodes if node.selection_set]
            if inner:
                self.count(inner)

    def _add(self, many: int) -> None:
        self._found += many * (many - 1) // 2
        refuse_beyond("pairs of fields of one name, and of fragments, in one place", self._found, PAIR_LIMIT)
