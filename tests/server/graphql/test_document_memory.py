"""Documents are remembered by their size, and what came once is forgotten first."""

import gc
import tracemalloc

import pytest

from server.graphql.document_memory import LONGEST_REMEMBERED, MEMORY, CheckedDocument, DocumentMemory
from server.graphql.documents import Documents
from server.graphql.parsing import parse_document
from tests.by_day import by_night_alone
from tests.client.schema import SCHEMA


def _checked(text: str) -> CheckedDocument:
    parsed = parse_document(text, tokens=10_000, comments=0, characters=100_000)
    return CheckedDocument(parsed.document, parsed.tokens, [])


def test_a_document_is_remembered() -> None:
    documents = Documents(SCHEMA)
    text = "{ viewer { id } }"
    assert documents.known(text) is None
    first = documents.check(text, anonymous=True)
    assert documents.known(text) is first
    assert documents.check(text, anonymous=False) is first


@pytest.mark.parametrize("text", ["{ unknown }", "{ __typename" + " " * LONGEST_REMEMBERED + "}"])
def test_what_is_wrong_or_long_is_not_remembered(text: str) -> None:
    documents = Documents(SCHEMA)
    for _ in range(3):
        documents.check(text, anonymous=True)
    assert documents.known(text) is None


def test_what_was_not_asked_for_longest_goes_first() -> None:
    memory = DocumentMemory()
    texts = [f"{{ a{number}: __typename" + " b" * 2_000 + " }" for number in range(40)]
    checked = _checked(texts[0])
    for text in texts:
        memory.remember(text, checked)
        assert memory.find(texts[0]) is not None
    assert memory.find(texts[1]) is None
    assert memory.find(texts[-1]) is not None


def test_what_came_once_does_not_push_out_what_came_again() -> None:
    memory = DocumentMemory()
    checked = _checked("{ a" + " b" * 500 + " }")
    memory.remember("{ mine }", checked)
    assert memory.find("{ mine }") is checked
    for number in range(1_000):
        memory.remember(f"{{ a{number} }}", checked)
    assert memory.find("{ mine }") is checked
    assert memory.find("{ a0 }") is None


def _growth(texts: list[str]) -> int:
    """Bytes that are held after each text came twice."""
    memory = DocumentMemory()
    gc.collect()
    tracemalloc.start()
    for text in texts:
        memory.remember(text, _checked(text))
        memory.find(text)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


@by_night_alone
def test_ten_thousand_documents_hold_as_much_as_is_allowed() -> None:
    """Small ones, 4,000 of which already take as much; the estimate is never less than what they hold."""
    fields = "viewer { id name accounts { nodes { id } } }"
    texts = [f"{{ a{number}: {fields} }}" for number in range(10_000)]
    assert _growth(texts) < MEMORY * 1.2


@by_night_alone
@pytest.mark.parametrize(
    "body",
    ["a " * 4_000, "a(b: 1) " * 800, "... { a } " * 900, "a { b } " * 1_000, 'a(b: "c") @d ' * 600],
    ids=["fields", "arguments", "fragments", "selections", "texts"],
)
def test_large_documents_hold_as_much_as_is_allowed(body: str) -> None:
    texts = [f"{{ a{number} {body} }}" for number in range(30)]
    assert _growth(texts) < MEMORY * 1.2
