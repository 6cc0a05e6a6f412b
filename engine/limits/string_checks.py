"""The strings of a request, before anything reads them: what PostgreSQL cannot store is refused, and the rest
put into the one form that is stored, NFC. One place for all of them: text, ids and scalars of our own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    ObjectFieldNode,
    StringValueNode,
    VariableDefinitionNode,
    Visitor,
    visit,
)

from engine.limits.excess import refuse_beyond
from engine.text.forms import MARKS_IN_A_ROW, has_too_many_marks, normalised

LONGEST_TEXT = 10_000
"""The longest string of a request, in characters; fields have shorter limits of their own.

What is longer comes in a variable, in a field of an input that is declared to hold long texts."""

VARIABLE_VALUE_LIMIT = 20_000
"""How many values the variables of a request may hold together: each takes some microseconds."""

_SURROGATE = re.compile("[\ud800-\udfff]")


_LONGEST_PLACE = 200
"""Characters of a place that a message tells."""


class _Strings(Visitor):
    def enter_string_value(
        self, node: StringValueNode, key: object, parent: object, path: object, ancestors: Sequence[object]
    ) -> StringValueNode | None:
        problem = _problem(node.value)
        if problem is not None:
            raise _refused(f"The {_literal_place([*ancestors, parent])} {problem}", node)
        read = normalised(node.value)
        return None if read == node.value else replace(node, value=read)


def _literal_place(ancestors: Sequence[object]) -> str:
    """Where a literal stands."""
    names: list[str | int] = []
    for holder in reversed(ancestors):
        if isinstance(holder, ObjectFieldNode):
            names.append(holder.name.value)
        elif isinstance(holder, ArgumentNode):
            return _place("argument ", [*names, holder.name.value])
        elif isinstance(holder, VariableDefinitionNode):
            return _place("default of the variable $", [*names, holder.variable.name.value])
    return "description"


def _place(what: str, names: Sequence[str | int]) -> str:
    """`names`: the innermost first."""
    place = ".".join(map(str, reversed(names)))
    return f"{what}{place if len(place) <= _LONGEST_PLACE else place[:_LONGEST_PLACE] + '...'}"


def read_document_texts(document: DocumentNode) -> DocumentNode:
    """The document with its strings in NFC. Raises BAD_USER_INPUT for NUL, for lone surrogates and for what
    is too long, naming its argument."""
    read: DocumentNode = visit(document, _Strings())
    return read


@dataclass(frozen=True)
class _Holder:
    """An object or a list of the variables, and where it stands."""

    values: dict[str, object] | list[object]
    name: str | int = ""
    outer: "_Holder | None" = None

    def place(self, *inner: str | int) -> str:
        """Where it stands, or what it holds under the inner name."""
        names, holder = [*inner], self
        while holder.outer is not None:
            names.append(holder.name)
            holder = holder.outer
        return _place("variable $", names) if names else "variables"

    def read_all(self, waiting: "list[_Holder]", long_texts: Mapping[str, int]) -> None:
        """Read what it holds, in its place. Objects and lists in it wait to be read."""
        values = self.values
        if isinstance(values, dict):
            for name, value in values.items():
                problem = _problem(name)
                if problem is not None:
                    raise _refused(f"A name in the {self.place()} {problem}")
                longest = LONGEST_TEXT if self.outer is None else long_texts.get(name, LONGEST_TEXT)
                values[name] = self._read(name, value, waiting, longest)
        else:
            values[:] = [
                self._read(index, value, waiting, LONGEST_TEXT) for index, value in enumerate(values)
            ]

    def _read(self, name: str | int, value: object, waiting: "list[_Holder]", longest: int) -> object:
        if isinstance(value, str):
            problem = _problem(value, longest)
            if problem is not None:
                raise _refused(f"The {self.place(name)} {problem}")
            return normalised(value)
        if isinstance(value, dict | list):
            waiting.append(_Holder(value, name, self))
        return value


def read_variable_texts(variables: dict[str, object], long_texts: Mapping[str, int]) -> None:
    """The same for the variables of a request, where they stand. Raises COST_EXCEEDED for too many values.
    `long_texts`: by the name of an input's field, how long the texts in it may be."""
    waiting = [_Holder(variables)]
    values = 0
    while waiting:
        holder = waiting.pop()
        values += len(holder.values)
        refuse_beyond("values in its variables", values, VARIABLE_VALUE_LIMIT)
        holder.read_all(waiting, long_texts)


def are_plain(texts: Iterable[str]) -> bool:
    """Whether nothing is wrong with any of these, and all are in the form that is stored: found at once, and
    false for some of which the same is true."""
    some = list(texts)
    joined = "".join(some)
    return joined.isascii() and "\x00" not in joined and max(map(len, some), default=0) <= LONGEST_TEXT


def read_item_texts(path: Sequence[str], items: list[object]) -> None:
    """As `read_variable_texts`, for a large list that stood at this path of the variables. Its values are not
    counted: the length of a body bounds them."""
    holder = _Holder({})
    for name in path:
        holder = _Holder([], name, holder)
    waiting = [_Holder(items, holder.name, holder.outer)]
    while waiting:
        each = waiting.pop()
        each.read_all(waiting, {})


def _problem(text: str, longest: int = LONGEST_TEXT) -> str | None:
    """What is wrong with a text, as the rest of a sentence."""
    if len(text) > longest:
        return f"is longer than {longest} characters."
    if "\x00" in text:
        return "holds the character NUL."
    if text.isascii():
        return None
    if _SURROGATE.search(text):
        return "holds half of a surrogate pair."
    if has_too_many_marks(text):
        return f"holds more than {MARKS_IN_A_ROW} combining marks in a row."
    return None


def _refused(message: str, node: StringValueNode | None = None) -> GraphQLError:
    return GraphQLError(message, node, extensions={"code": "BAD_USER_INPUT"})
