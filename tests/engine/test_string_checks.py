"""What is told of a text that is refused: where it stands, and not what it is."""

from typing import Any

import pytest
from graphql import GraphQLError, parse

from engine.limits.string_checks import read_document_texts, read_variable_texts

NUL = "holds the character NUL."
_DEEP = "a" * 150

VARIABLES: dict[str, tuple[dict[str, Any], str]] = {
    "a variable": ({"a": "\x00"}, "The variable $a"),
    "a field": ({"b": 1, "input": {"a": "b", "name": "\x00"}}, "The variable $input.name"),
    "an item": ({"ids": ["a", "b", "\x00"]}, "The variable $ids.2"),
    "a field of an item": ({"input": {"list": [{}, {"a": "\x00"}]}}, "The variable $input.list.1.a"),
    "a name": ({"\x00": 1}, "A name in the variables"),
    "a name in it": ({"input": {"list": [{"\x00": 1}]}}, "A name in the variable $input.list.0"),
    "names of any length": ({_DEEP: {_DEEP: "\x00"}}, f"The variable ${_DEEP}.{'a' * 49}..."),
}
LITERALS = {
    "an argument": ('{ f(a: "\\u0000") }', "The argument a", 8),
    "a field": ('{ f(a: "b", input: {b: "c", name: "\\u0000"}) }', "The argument input.name", 35),
    "an item": ('{ f(ids: ["a", "\\u0000"]) }', "The argument ids", 16),
    "an argument of a directive": ('{ f @d(a: "\\u0000") }', "The argument a", 11),
    "a default": ('query ($v: X = {a: {b: "\\u0000"}}) { f }', "The default of the variable $v.a.b", 24),
    "a description": ('"\\u0000" query Q { f }', "The description", 1),
}


@pytest.mark.parametrize(("variables", "place"), VARIABLES.values(), ids=VARIABLES.keys())
def test_a_text_in_the_variables(variables: dict[str, Any], place: str) -> None:
    with pytest.raises(GraphQLError) as refused:
        read_variable_texts(variables, {})
    assert refused.value.message == f"{place} {NUL}"


@pytest.mark.parametrize(("document", "place", "column"), LITERALS.values(), ids=LITERALS.keys())
def test_a_text_in_the_document(document: str, place: str, column: int) -> None:
    with pytest.raises(GraphQLError) as refused:
        read_document_texts(parse(document))
    assert refused.value.message == f"{place} {NUL}"
    assert refused.value.locations == [(1, column)]


def test_each_text_is_brought_into_one_form_where_it_stands() -> None:
    variables: dict[str, Any] = {"a": "e\u0301", "b": ["e\u0301", {"c": "e\u0301"}], "d": None}
    read_variable_texts(variables, {})
    assert variables == {"a": "\u00e9", "b": ["\u00e9", {"c": "\u00e9"}], "d": None}


def test_a_long_text_stands_under_its_name() -> None:
    """In an input, and not in a list there."""
    long = "x" * 10_001
    read_variable_texts({"input": {"html": long}}, {"html": 10_001})
    refused: list[dict[str, Any]] = [
        {"a": {"name": long}},
        {"a": {"html": [long]}},
        {"a": {"html": f"{long}x"}},
    ]
    for variables in [*refused, {"html": long}]:
        with pytest.raises(GraphQLError, match="is longer than"):
            read_variable_texts(variables, {"html": 10_001})
