"""Text that PostgreSQL cannot store, refused before it gets there: one check for all strings."""

from collections.abc import Iterable

from graphql import DocumentNode, GraphQLError, StringValueNode, Visitor, visit

LONGEST_TEXT = 10_000
"""The longest string of a request, in characters; fields have shorter limits of their own."""


class _Strings(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        self.found.append(node.value)


def check_document_texts(document: DocumentNode) -> None:
    """Raise BAD_USER_INPUT for NUL, for lone surrogates and for what is too long, in a document."""
    strings = _Strings()
    visit(document, strings)
    _check(strings.found)


def check_variable_texts(variables: dict[str, object]) -> None:
    """The same for the variables of a request."""
    waiting: list[object] = [variables]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            _check((value,))
        elif isinstance(value, dict):
            waiting += value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _check(texts: Iterable[str]) -> None:
    for text in texts:
        if len(text) > LONGEST_TEXT:
            raise _refused(f"A text is longer than {LONGEST_TEXT} characters.")
        if "\x00" in text:
            raise _refused("A text holds the character NUL.")
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise _refused("A text holds half of a surrogate pair.")


def _refused(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
