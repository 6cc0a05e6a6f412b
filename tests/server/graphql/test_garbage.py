"""What is left for Python's search for garbage, and how seldom it looks through everything."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from graphql import GraphQLSyntaxError

from server.graphql.documents import COMMENT_LIMIT, DOCUMENT_LIMIT, TOKEN_LIMIT
from server.graphql.parsing import Parsed, parse_document
from server.start import garbage

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


def test_nothing_but_the_new_is_looked_through_by_itself() -> None:
    before = gc.get_threshold()
    try:
        garbage.look_seldom()
        assert gc.get_threshold()[2] > 1_000_000
        frozen = gc.get_freeze_count()
        assert frozen > 10_000
        assert len(gc.get_objects()) < frozen
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
