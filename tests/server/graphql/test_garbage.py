"""What is left for Python's search for garbage, and how seldom it looks through everything."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from graphql import GraphQLSyntaxError

from server.graphql.documents import COMMENT_LIMIT, DOCUMENT_LIMIT, TOKEN_LIMIT
from server.graphql.parsing import Parsed, parse_document

_FIELDS = " ".join(f"a{number}: viewer {{ id }}" for number in range(500))


def _parsed(source: str) -> Parsed:
    return parse_document(source, tokens=TOKEN_LIMIT, comments=COMMENT_LIMIT, characters=DOCUMENT_LIMIT)


@contextmanager
def _untouched() -> Iterator[None]:
    """Python collects nothing by itself meanwhile."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_a_document_leaves_no_garbage() -> None:
    with _untouched():
        assert len(_parsed(f"{{{_FIELDS}}}").document.definitions) == 1
        assert gc.collect() < 50


def test_what_is_no_document_leaves_no_garbage() -> None:
    with _untouched():
        with pytest.raises(GraphQLSyntaxError):
            _parsed(f"{{{_FIELDS}")
        assert gc.collect() < 50


def test_places_of_errors_stay() -> None:
    field = _parsed("{\n  viewer { id } }").document.definitions[0].selection_set.selections[0]  # type: ignore[attr-defined]
    assert (field.loc.start, field.loc.end, field.loc.source.body[field.loc.start : field.loc.end]) == (
        4,
        17,
        "viewer { id }",
    )


def test_tokens_are_counted() -> None:
    assert _parsed("{ viewer { id } } # said").tokens == len(
        ["SOF", "{", "viewer", "{", "id", "}", "}", "#", "EOF"]
    )


_FROZEN = """
import gc
from server.start import garbage
garbage.look_seldom()
print(gc.get_threshold()[2], gc.get_freeze_count(), len(gc.get_objects()))
"""


def test_nothing_but_the_new_is_looked_through_by_itself() -> None:
    """In a process of its own: what is frozen in this one would stay."""
    printed = subprocess.run([sys.executable, "-c", _FROZEN], capture_output=True, check=True).stdout
    most, frozen, looked_through = map(int, printed.split())
    assert most > 1_000_000
    assert frozen > 10_000
    assert looked_through < frozen / 10
