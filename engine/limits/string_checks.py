"""The strings of a request, before anything reads them: what PostgreSQL cannot store is refused, and the rest
put into the one form that is stored, NFC. One place for all of them: text, ids and scalars of our own."""

import re
from dataclasses import replace

from graphql import DocumentNode, GraphQLError, StringValueNode, Visitor, visit

from engine.limits.excess import refuse_beyond
from engine.text.forms import MARKS_IN_A_ROW, has_too_many_marks, normalised

LONGEST_TEXT = 10_000
"""The longest string of a request, in characters; fields have shorter limits of their own."""

VARIABLE_VALUE_LIMIT = 20_000
"""How many values the variables of a request may hold together: each takes some microseconds."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class _Strings(Visitor):
    def enter_string_value(self, node: StringValueNode, *_: object) -> StringValueNode | None:
        read = _read(node.value)
        return None if read == node.value else replace(node, value=read)


def read_document_texts(document: DocumentNode) -> DocumentNode:
    """The document with its strings in NFC. Raises BAD_USER_INPUT for NUL, for lone surrogates and for what
    is too long."""
    read: DocumentNode = visit(document, _Strings())
    return read


def read_variable_texts(variables: dict[str, object]) -> None:
    """The same for the variables of a request, where they stand. Raises COST_EXCEEDED for too many values."""
    waiting: list[dict[str, object] | list[object]] = [variables]
    values = 0
    while waiting:
        holder = waiting.pop()
        values += len(holder)
        refuse_beyond("values in its variables", values, VARIABLE_VALUE_LIMIT)
        if isinstance(holder, dict):
            for name, value in holder.items():
                _check(name)
                holder[name] = _read_value(value, waiting)
        else:
            holder[:] = [_read_value(value, waiting) for value in holder]


def _read_value(value: object, waiting: list[dict[str, object] | list[object]]) -> object:
    if isinstance(value, str):
        return _read(value)
    if isinstance(value, dict | list):
        waiting.append(value)
    return value


def _read(text: str) -> str:
    _check(text)
    return normalised(text)


def _check(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise _refused(f"A text is longer than {LONGEST_TEXT} characters.")
    if "\x00" in text:
        raise _refused("A text holds the character NUL.")
    if text.isascii():
        return
    if _SURROGATE.search(text):
        raise _refused("A text holds half of a surrogate pair.")
    if has_too_many_marks(text):
        raise _refused(f"A text holds more than {MARKS_IN_A_ROW} combining marks in a row.")


def _refused(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
