"""Documents that came lately, checked: clients send the same few again and again, strangers any number."""

from dataclasses import dataclass
from threading import Lock

from graphql import DocumentNode, GraphQLError

from engine.base.kept import Kept

MEMORY = 32_000_000
"""Bytes that all remembered documents take together, as estimated."""

LONGEST_REMEMBERED = 10_000
"""Characters: longer documents are rare."""

_BYTES_OF_A_TOKEN = 400
"""What a document holds for each token: its nodes and their places. 220 to 380 were measured."""


@dataclass(frozen=True)
class CheckedDocument:
    """A document, and what is wrong with it."""

    document: DocumentNode
    tokens: int
    errors: list[GraphQLError]


class DocumentMemory:
    """Short documents, by their text; those that came once go first. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._documents: Kept[str, CheckedDocument] = Kept(MEMORY)

    def find(self, source: str) -> CheckedDocument | None:
        """The document of a text, if it is remembered."""
        with self._lock:
            return self._documents.get(source)

    def remember(self, source: str, checked: CheckedDocument) -> None:
        """Keep a document that is not too long, and drop others if there is no room."""
        if len(source) > LONGEST_REMEMBERED:
            return
        size = len(source) + _BYTES_OF_A_TOKEN * checked.tokens
        with self._lock:
            if self._documents.get(source) is None:
                self._documents.add(source, checked, size)
