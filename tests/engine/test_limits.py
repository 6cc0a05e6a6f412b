"""Operations whose answers would be too large are refused."""

import pytest
from graphql import GraphQLError, get_operation_ast, parse

from engine.limits.operation import COST_LIMIT, check_cost
from tests.client.schema import SCHEMA

PAGES = (
    "query ($n: Int) { viewer { accounts(first: $n) { nodes { members(first: 100) { nodes { id } } } } } }"
)


_MANY = " ".join(f"a{number}: id" for number in range(25))
LOOK_UPS = (
    "query ($ids: [ID!]! = [%s]) { nodes(ids: %s) "
    f"{{ ... on Account {{ members(first: 100) {{ nodes {{ {_MANY} }} }} }} }} }}"
)
_IDS = ["acct_1"] * 100


@pytest.mark.parametrize(
    ("query", "variables", "refused"),
    [
        (LOOK_UPS % ("", "$ids"), {"ids": _IDS}, True),
        (LOOK_UPS % ("", "$ids"), {"ids": _IDS * 100}, True),
        (LOOK_UPS % ("", "$ids"), {"ids": _IDS[:10]}, False),
        (LOOK_UPS % ("", "$ids"), {"ids": "acct_1"}, False),
        (LOOK_UPS % (", ".join('"acct_1"' for _ in _IDS), "$ids"), {}, True),
        (LOOK_UPS % ("", "[" + ", ".join('"acct_1"' for _ in _IDS) + "]"), {}, True),
        (LOOK_UPS % ("", '["acct_1", "acct_2"]'), {}, False),
        (LOOK_UPS % ("", '"acct_1"'), {}, False),
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


def test_an_integer_of_any_length_is_read() -> None:
    """As an ID it may have more digits than Python reads."""
    document = parse(f"query ($id: ID = {'9' * 5_000}) {{ node(id: $id) {{ id }} }}")
    operation = get_operation_ast(document)
    assert operation is not None
    check_cost(SCHEMA, document, operation, {})
