"""Documents that are too large are refused before they are validated, by the name of the limit."""

import time

import pytest
from graphql import GraphQLError, get_introspection_query, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.limits.merging import PAIR_LIMIT
from engine.limits.sizes import (
    ALIAS_LIMIT,
    DEPTH_LIMIT,
    DIRECTIVE_LIMIT,
    FIELD_LIMIT,
    FRAGMENT_LIMIT,
    OPERATION_LIMIT,
    VALUE_LIMIT,
    check_size,
)


def _doubled(times: int) -> str:
    fragments = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(times)]
    return " ".join(["{ ...f0 }", *fragments, f"fragment f{times} on Query {{ viewer {{ id }} }}"])


def _nested(levels: int) -> str:
    return "{ viewer { accounts { nodes " + "{ parent " * levels + "{ id }" + " }" * levels + " } } }"


def _fragments(count: int, body: str) -> str:
    return " ".join(f"fragment f{n} on Query {{ {body} }}" for n in range(count))


def _operations(count: int, body: str) -> str:
    return " ".join(f"query q{n} {{ {body} }}" for n in range(count))


TOO_LARGE = {
    "fragments that double themselves": (_doubled(40), FIELD_LIMIT),
    "fragments without fields that double themselves": (
        _doubled(40).replace("viewer { id }", ""),
        FIELD_LIMIT,
    ),
    "fragments that call each other": (
        "{ ...a } fragment a on Query { ...b ...b viewer { id } } fragment b on Query { ...a ...a } "
        + _doubled(30).replace("{ ...f0 }", "query Other { ...f0 }", 1),
        FIELD_LIMIT,
    ),
    "levels": (_nested(DEPTH_LIMIT), DEPTH_LIMIT),
    "levels in a fragment that nothing spreads": (
        "{ viewer { id } } fragment f on Query " + _nested(DEPTH_LIMIT),
        DEPTH_LIMIT,
    ),
    "aliases": (
        "{ " + " ".join(f"a{n}: viewer {{ id }}" for n in range(ALIAS_LIMIT + 1)) + " }",
        ALIAS_LIMIT,
    ),
    "directives": ("{ viewer { id " + "@include(if: true) " * (DIRECTIVE_LIMIT + 1) + "} }", DIRECTIVE_LIMIT),
    "values": ("{ nodes(ids: [" + "1 " * VALUE_LIMIT + "]) { id } }", VALUE_LIMIT),
    "values in objects": ("{ a(b: {" + "c: 1 " * VALUE_LIMIT + "}) }", VALUE_LIMIT),
    "variables": ("query (" + "$v: Int " * (VALUE_LIMIT + 1) + ") { a }", VALUE_LIMIT),
    "operations": (_operations(OPERATION_LIMIT + 1, "a"), OPERATION_LIMIT),
    "fragments": ("{ a }" + _fragments(FRAGMENT_LIMIT + 1, "a"), FRAGMENT_LIMIT),
    "a fragment in many operations": (
        _operations(OPERATION_LIMIT, "...f0") + _fragments(1, " ".join(f"a{n}" for n in range(100))),
        FIELD_LIMIT,
    ),
    "a field again and again": ("{" + " viewer { id }" * 1_200 + "}", PAIR_LIMIT),
    "a field again and again, inline": ("{" + " ... { viewer { id } }" * 700 + "}", PAIR_LIMIT),
    "a field again and again, by fragments": (
        "{ " + " ".join(f"...f{n}" for n in range(100)) + " } " + _fragments(100, "viewer { id } " * 8),
        PAIR_LIMIT,
    ),
    "a field again and again, below": (
        "{ viewer { " + "accounts { nodes { id } } " * 150 + "} }",
        PAIR_LIMIT,
    ),
    "fragments beside each other": (
        "{ " + " ".join(f"...f{n}" for n in range(150)) + " } " + _fragments(150, "a"),
        PAIR_LIMIT,
    ),
}


@pytest.mark.parametrize(("document", "limit"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_document_that_is_too_large_is_refused(document: str, limit: int) -> None:
    with pytest.raises(GraphQLError, match=f"more than {limit} ") as refused:
        check_size(parse(document))
    assert refused.value.extensions == {"code": "COST_EXCEEDED"}


def test_a_bomb_takes_no_time() -> None:
    document = parse(_doubled(299))
    started = time.thread_time()
    with pytest.raises(GraphQLError):
        check_size(document)
    assert time.thread_time() - started < 0.2


def _codegen(children: int, levels: int) -> str:
    """As code generators write them: a fragment for each part of a page, spread once, each with `id`."""
    names = [f"Part{n}" for n in range(sum(children**level for level in range(levels)))]
    fragments = []
    for number, name in enumerate(names):
        inner = names[number * children + 1 : number * children + children + 1]
        spreads = " ".join(f"...{each}" for each in inner)
        fragments.append(
            f"fragment {name} on Account {{ __typename id name part{number} {{ id {spreads} }} }}"
        )
    return "query Page { viewer { accounts { nodes { ...Part0 } } } } " + " ".join(fragments)


LARGE = {
    "introspection": get_introspection_query(),
    "levels": _nested(DEPTH_LIMIT - 5),
    "a tree of 156 fragments": _codegen(5, 4),
    "a tree of 255 fragments": _codegen(2, 8),
    "60 fragments beside each other": "{ viewer { "
    + " ".join(f"...f{n}" for n in range(60))
    + " } } "
    + _fragments(60, "__typename id name"),
    "40 aliases": "{ "
    + " ".join(f'a{n}: node(id: "x") {{ id ... on Account {{ name }} }}' for n in range(40))
    + " }",
    "50 operations": " ".join(
        f"query q{n}($id: ID!) {{ node(id: $id) {{ ...f }} }}" for n in range(OPERATION_LIMIT)
    )
    + " fragment f on Account { "
    + " ".join(f"field{n}" for n in range(40))
    + " }",
}


@pytest.mark.parametrize("document", LARGE.values(), ids=LARGE.keys())
def test_what_tools_and_people_write_is_not_too_large(document: str) -> None:
    check_size(parse(document))


_NAMES = st.sampled_from(["a", "b", "c"])
_SELECTIONS = st.recursive(
    _NAMES,
    lambda inner: st.one_of(
        st.tuples(_NAMES, st.lists(inner, min_size=1, max_size=4)).map(
            lambda each: f"{each[0]} {{ {' '.join(each[1])} }}"
        ),
        st.lists(inner, min_size=1, max_size=4).map(lambda each: f"... {{ {' '.join(each)} }}"),
        st.integers(0, 3).map(lambda number: f"...f{number}"),
    ),
    max_leaves=12,
)


@given(
    st.lists(_SELECTIONS, min_size=1, max_size=4),
    st.lists(_SELECTIONS, min_size=4, max_size=4),
    st.integers(1, 400),
)
@settings(deadline=None)
def test_any_document_is_measured_without_much_work(
    operation: list[str], fragments: list[str], times: int
) -> None:
    """Also with fragments in circles, unknown ones and the same selections many times."""
    text = f"{{ {' '.join(operation * times)} }}"
    for number, body in enumerate(fragments):
        text += f" fragment f{number} on Query {{ {body} }}"
    document = parse(text)
    started = time.thread_time()
    try:
        check_size(document)
    except GraphQLError as refused:
        assert refused.extensions == {"code": "COST_EXCEEDED"}  # noqa: PT017
    assert time.thread_time() - started < 1
