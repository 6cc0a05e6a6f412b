"""The strings of a request, before anything reads them: what PostgreSQL cannot store is refused, and the rest
put into the one form that is stored, NFC. One place for all of them: text, ids and scalars of our own."""

from dataclasses import replace

from graphql import DocumentNode, GraphQLError, StringValueNode, Visitor, visit

from engine.text_forms import normalised

LONGEST_TEXT = 10_000
"""The longest string of a request, in characters; fields have shorter limits of their own."""


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
    """The same for the variables of a request, where they stand."""
    waiting: list[dict[str, object] | list[object]] = [variables]
    while waiting:
        holder = waiting.pop()
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
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _refused("A text holds half of a surrogate pair.")


def _refused(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
