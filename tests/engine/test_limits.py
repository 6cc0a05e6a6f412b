"""Documents that ask for too much are refused, and fast."""

import time

import pytest
from graphql import GraphQLError, get_introspection_query, get_operation_ast, parse

from engine.limits import ALIAS_LIMIT, COST_LIMIT, DEPTH_LIMIT, DIRECTIVE_LIMIT, check_cost, check_size
from schema.root import build_schema, graphql_schema

SCHEMA = graphql_schema(build_schema())


def _doubled(times: int) -> str:
    fragments = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(times)]
    return " ".join(["{ ...f0 }", *fragments, f"fragment f{times} on Query {{ viewer {{ id }} }}"])


def _nested(levels: int) -> str:
    return "{ viewer { accounts { nodes " + "{ parent " * levels + "{ id }" + " }" * levels + " } } }"


TOO_LARGE = {
    "fragments that double themselves": _doubled(40),
    "fragments that call each other": "{ ...a } fragment a on Query { ...b ...b viewer { id } } "
    "fragment b on Query { ...a ...a }" + " " + _doubled(30).replace("{ ...f0 }", "query Other { ...f0 }", 1),
    "levels": _nested(DEPTH_LIMIT),
    "aliases": "{ " + " ".join(f"a{n}: viewer {{ id }}" for n in range(ALIAS_LIMIT + 1)) + " }",
    "directives": "{ viewer { id " + "@include(if: true) " * (DIRECTIVE_LIMIT + 1) + "} }",
}


@pytest.mark.parametrize("document", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_document_that_is_too_large_is_refused(document: str) -> None:
    with pytest.raises(GraphQLError) as refused:
        check_size(parse(document))
    assert refused.value.extensions == {"code": "COST_EXCEEDED"}


def test_a_bomb_takes_no_time() -> None:
    """hardening.md: every bomb is refused in under 200 ms; the bound here leaves room for a busy machine."""
    document = parse(_doubled(300))
    started = time.process_time()
    with pytest.raises(GraphQLError):
        check_size(document)
    assert time.process_time() - started < 0.2


def test_what_tools_ask_is_not_too_large() -> None:
    document = parse(get_introspection_query())
    operation = get_operation_ast(document)
    assert operation is not None
    check_size(document)
    check_cost(SCHEMA, document, operation, {})
    check_size(parse(_nested(DEPTH_LIMIT - 5)))


PAGES = (
    "query ($n: Int) { viewer { accounts(first: $n) { nodes { members(first: 100) { nodes { id } } } } } }"
)


@pytest.mark.parametrize(
    ("query", "variables", "refused"),
    [
        (PAGES, {"n": 1}, False),
        (PAGES, {}, False),
        (PAGES.replace("{ id }", "{ " + " ".join(f"a{n}: id" for n in range(25)) + " }"), {"n": 100}, True),
        (PAGES.replace("{ id }", "{ " + " ".join(f"a{n}: id" for n in range(25)) + " }"), {"n": 10}, False),
        ("{ viewer { shares(first: 100) { nodes { accounts { id name } } } } }", {}, False),
        ("{ viewer { shares { nodes { accounts { shares { nodes { accounts { id } } } } } } } }", {}, True),
        (
            PAGES.replace("members(first: 100) { nodes { id } }", "members(first: 0) { nodes { id } }"),
            {},
            False,
        ),
    ],
)
def test_the_cost_follows_the_lengths_of_pages(
    query: str, variables: dict[str, object], refused: bool
) -> None:
    document = parse(query)
    operation = get_operation_ast(document)
    assert operation is not None
    if not refused:
        check_cost(SCHEMA, document, operation, variables)
        return
    with pytest.raises(GraphQLError, match=str(COST_LIMIT)):
        check_cost(SCHEMA, document, operation, variables)


def test_fragments_cost_as_much_as_what_stands_in_them() -> None:
    fields = " ".join(f"a{number}: id" for number in range(25))
    document = parse(
        "{ viewer { accounts(first: 100) { ...Page } } } "
        "fragment Page on AccountConnection { nodes { subaccounts(first: 100) { nodes { ...Many } } } } "
        f"fragment Many on Account {{ {fields} }}"
    )
    operation = get_operation_ast(document)
    assert operation is not None
    with pytest.raises(GraphQLError):
        check_cost(SCHEMA, document, operation, {})
