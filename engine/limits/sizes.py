"""How large a document may be, whether or not it is valid: what is larger is refused before it is validated.

Sizes are those of the document with its fragments written out, but each fragment is measured once, so that a
document that doubles itself through fragments is refused as fast as any other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

from engine.limits.excess import refuse_beyond
from engine.limits.merging import check_merging

OPERATION_LIMIT = 50
"""How many operations a document may have."""

FRAGMENT_LIMIT = 300
"""How many fragments it may define."""

DEPTH_LIMIT = 20
"""How deep selections may be nested."""

FIELD_LIMIT = 5_000
"""How many fields and fragments all operations may select together, fragments written out."""

ALIAS_LIMIT = 100
"""How many aliases an operation may have."""

DIRECTIVE_LIMIT = 100
"""How many directives."""

VALUE_LIMIT = 500
"""How many values all operations may hold together, fragments written out; more belongs into variables."""

_ENDLESS = 1_000_000_000
"""Where counting stops."""


@dataclass(frozen=True)
class Size:
    """How large a selection is, fragments written out."""

    depth: int = 0
    fields: int = 0
    """Fields, and fragments that are spread or stand inline."""
    aliases: int = 0
    directives: int = 0
    values: int = 0

    def beside(self, other: "Size") -> "Size":
        """Both in one selection."""
        return Size(
            max(self.depth, other.depth),
            min(self.fields + other.fields, _ENDLESS),
            min(self.aliases + other.aliases, _ENDLESS),
            min(self.directives + other.directives, _ENDLESS),
            min(self.values + other.values, _ENDLESS),
        )


def check_size(document: DocumentNode) -> None:
    """Raise COST_EXCEEDED if a document is too large, whether or not it is valid."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    refuse_beyond("operations", len(operations), OPERATION_LIMIT)
    refuse_beyond("fragments", len(fragments), FRAGMENT_LIMIT)
    sizes = _Sizes({fragment.name.value: fragment for fragment in fragments})
    for fragment in fragments:
        _check(sizes.of(fragment.selection_set).beside(_marks(fragment.directives)))
    together = Size()
    for operation in operations:
        size = sizes.of(operation.selection_set).beside(_of_head(operation))
        _check(size)
        together = together.beside(Size(fields=size.fields, values=size.values))
    _check(together)
    if not sizes.circular:
        check_merging(operations, sizes.fragments)


def _check(size: Size) -> None:
    refuse_beyond("levels deep", size.depth, DEPTH_LIMIT)
    refuse_beyond("fields and fragments", size.fields, FIELD_LIMIT)
    refuse_beyond("aliases", size.aliases, ALIAS_LIMIT)
    refuse_beyond("directives", size.directives, DIRECTIVE_LIMIT)
    refuse_beyond("values", size.values, VALUE_LIMIT)


def _of_head(operation: OperationDefinitionNode) -> Size:
    total = _marks(operation.directives)
    for variable in operation.variable_definitions or ():
        values = 1 + (_values(variable.default_value) if variable.default_value else 0)
        total = total.beside(_marks(variable.directives)).beside(Size(values=values))
    return total


def _marks(directives: Iterable[DirectiveNode] | None) -> Size:
    """What directives add."""
    found = tuple(directives or ())
    values = sum(_values(argument.value) for mark in found for argument in mark.arguments or ())
    return Size(directives=len(found), values=values)


def _values(value: ValueNode) -> int:
    if isinstance(value, ListValueNode):
        return 1 + sum(_values(item) for item in value.values)
    if isinstance(value, ObjectValueNode):
        return 1 + sum(_values(field.value) for field in value.fields)
    return 1


class _Sizes:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.fragments = fragments
        self.circular = False
        """Whether a fragment spreads itself, which validation refuses."""
        self._known: dict[str, Size] = {}
        self._open: set[str] = set()

    def of(self, selection_set: SelectionSetNode | None) -> Size:
        """The size of a selection."""
        total = Size()
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                own = self._of_field(node)
            elif isinstance(node, FragmentSpreadNode):
                own = Size(fields=1).beside(self._of_fragment(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                own = Size(fields=1).beside(self.of(node.selection_set))
            else:
                continue  # there is no fourth kind
            total = total.beside(own.beside(_marks(node.directives)) if node.directives else own)
        return total

    def _of_field(self, node: FieldNode) -> Size:
        inner = self.of(node.selection_set) if node.selection_set else Size()
        values = sum(_values(argument.value) for argument in node.arguments or ())
        aliases = inner.aliases + (1 if node.alias else 0)
        return Size(inner.depth + 1, inner.fields + 1, aliases, inner.directives, inner.values + values)

    def _of_fragment(self, name: str) -> Size:
        if name in self._open:
            self.circular = True
            return Size()
        if name not in self._known:
            self._open.add(name)
            fragment = self.fragments.get(name)
            self._known[name] = self.of(fragment.selection_set if fragment else None)
            self._open.remove(name)
        return self._known[name]
