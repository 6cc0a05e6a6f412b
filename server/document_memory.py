"""Documents that came lately, checked: clients send the same few again and again, strangers any number."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock

from graphql import DocumentNode, GraphQLError

MEMORY = 32_000_000
"""Bytes that all remembered documents take together, as estimated."""

LONGEST_REMEMBERED = 10_000
"""Characters: longer documents are rare."""

SEEN_ONCE = 10_000
"""Of how many documents it is known that they came once."""

_BYTES_OF_A_TOKEN = 600
"""What a document holds for each token, with its nodes: 330 to 560 were measured."""


@dataclass(frozen=True)
class CheckedDocument:
    """A document, and what is wrong with it."""

    document: DocumentNode
    errors: list[GraphQLError]


class DocumentMemory:
    """Short documents that came twice, by their text; the ones not asked for longest go first. Threads may
    share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._documents: OrderedDict[str, tuple[CheckedDocument, int]] = OrderedDict()
        self._bytes = 0
        self._seen_once: OrderedDict[bytes, None] = OrderedDict()

    def find(self, source: str) -> CheckedDocument | None:
        """The document of a text, if it is remembered."""
        with self._lock:
            found = self._documents.get(source)
            if found is None:
                return None
            self._documents.move_to_end(source)
            return found[0]

    def note(self, source: str, checked: CheckedDocument) -> None:
        """A document came that is not remembered: the second time it will be."""
        if len(source) > LONGEST_REMEMBERED:
            return
        digest = blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            if digest not in self._seen_once:
                self._seen_once[digest] = None
                if len(self._seen_once) > SEEN_ONCE:
                    self._seen_once.popitem(last=False)
                return
            del self._seen_once[digest]
        self.remember(source, checked)

    def remember(self, source: str, checked: CheckedDocument) -> None:
        """Keep a document, and drop others if there is no room."""
        size = len(source) + _BYTES_OF_A_TOKEN * _tokens(checked.document)
        with self._lock:
            _, replaced = self._documents.pop(source, (None, 0))
            self._documents[source] = checked, size
            self._bytes += size - replaced
            while self._bytes > MEMORY:
                _, (_, dropped) = self._documents.popitem(last=False)
                self._bytes -= dropped


def _tokens(document: DocumentNode) -> int:
    location = document.loc
    count = 0
    token = location.start_token if location else None
    while token is not None:
        count += 1
        token = token.next
    return count
