"""Requests that would keep the server from others, by the CPU that they take: none does, with a token or not.

The bound is wide, as the machine that tests is busy; on an idle one each takes less than 100 ms.
"""

import time

import orjson
import pytest
from graphql import GraphQLError, OperationDefinitionNode
from graphql.execution.values import get_variable_values

from engine.limits.operation import check_cost
from engine.limits.string_checks import VARIABLE_VALUE_LIMIT, read_variable_texts
from server.failures.errors import present_error
from server.graphql.documents import DOCUMENT_LIMIT, LINE_LIMIT, VALIDATION_ERROR_LIMIT, Documents
from server.http.request import BODY_LIMIT
from tests.client.schema import SCHEMA

SECONDS = 0.8
MASKED_SLOWLY = " cannot represent " * 500


def _many(count: int, text: str) -> str:
    return " ".join(text.replace("#", str(number)) for number in range(count))


def _fragments(count: int, body: str) -> str:
    return _many(count, f"fragment f# on Query {{ {body} }}")


BOMBS = {
    "one field in fragments": f"{{ {_many(100, '...f#')} }} {_fragments(100, 'viewer{id} ' * 8)}",
    "one field": "{" + " viewer { id }" * 1_200 + "}",
    "one field in a fragment that nothing spreads": "{ __typename } fragment f on Query {"
    + " viewer { id }" * 1_200
    + "}",
    "one field inline": "{" + " ... { viewer { id } }" * 700 + "}",
    "one field inside each other": "{ viewer { accounts { nodes { id"
    + " parent { id parent { id } }" * 500
    + " } } } }",
    "one field without selections": "{ viewer {" + " accounts { }" * 1_500 + "} }",
    "one leaf": "{" + " __typename" * 4_900 + "}",
    "one type of a union": "{ node(id: 1) {" + " ... on Account { id }" * 600 + "} }",
    "fragments beside each other": f"{{ {_many(300, '...f#')} }} {_fragments(300, '__typename')}",
    "a chain of fragments": "{ ...f0 } "
    + _many(299, "fragment f# on Query { ...f# __typename }").replace("...f0 __", "...f1 __"),
    "a circle of fragments": "{ ...f0 } " + _fragments(40, _many(40, "...f#")),
    "fragments of one name": "{ ...f } " + _many(300, "fragment f on Query { viewer { id } viewer { id } }"),
    "fragments that nothing spreads": f"{{ __typename }} {_fragments(300, 'viewer { id }')}",
    "operations with the same fragment": _many(50, "query q#($a: Int) { ...f0 ...f# }")
    + "fragment f0 on Query { viewer {"
    + " accounts(first: $a) { totalCount }" * 20
    + "} }",
    "operations": _many(800, "query q# { __typename }"),
    "operations without a name": "{ __typename }" * 1_200,
    "variables that nothing uses": f"query ({_many(1_200, '$v#: Int')}) {{ __typename }}",
    "one variable": f"query ({'$v: Int ' * 1_200}) {{ __typename }}",
    "types that almost exist": "query ("
    + _many(900, "$v#: SubaccountRequestCreatePayloads#")
    + ") { __typename }",
    "fields that almost exist": "mutation { " + _many(2_000, "subaccountCreatePasswordResetRequest#") + " }",
    "names": "{ " + _many(500, "a" * 190 + "#") + " }",
    "one name": "{ " + "a" * (DOCUMENT_LIMIT - 4) + " }",
    "arguments": "{ viewer { accounts(" + " first: 1" * 490 + ") { totalCount } } }",
    "lines before errors": "\n" * (LINE_LIMIT - 10) + "{ " + _many(100, "unknown#") + " }",
    "too many lines": "\n" * (DOCUMENT_LIMIT - 10) + "{ a }",
    "lists in lists": "{ node(id: " + "[" * 190 + "1" + "]" * 190 + ") { id } }",
    "a list": "{ nodes(ids: [" + "true " * 490 + "]) { id } }",
    "an object": "mutation { signIn(input: {" + _many(490, "e#: 1") + "}) { token } }",
    "an object as a default": "query ($v: SignInInput = {" + _many(490, "e#: 1") + "}) { __typename }",
    "one field of an object": "mutation { signIn(input: {" + "email: 1 " * 490 + "}) { token } }",
    "directives": "{ __typename" + " @skip(if: true)" * 800 + " }",
    "directives that do not exist": "{ __typename" + " @a" * 2_400 + " }",
    "lines of a text": '{ node(id: """' + "\n" * 9_900 + '""") { id } }',
    "texts": "{ nodes(ids: [" + ('"""' + "\n a" * 9 + '""" ') * 490 + "]) { id } }",
    "marks": '{ nodes(ids: ["a' + "\u0325\u0301" * 4_990 + '"]) { id } }',
    "marks in reverse order": '{ nodes(ids: ["a' + "\u0301" * 4_990 + "\u0325" * 4_990 + '"]) { id } }',
    "texts that look like messages": "mutation { signIn(input: {x: ["
    + f'"{MASKED_SLOWLY}" ' * 10
    + "]}) { token } }",
    "a text that looks like a message": f'mutation {{ signIn(input: ["{MASKED_SLOWLY}"]) {{ token }} }}',
    "digits": "{ viewer { accounts(first: " + "9" * 99_000 + ") { totalCount } } }",
    "digits of an ID": "{ node(id: " + "9" * 99_000 + ") { id } }",
    "digits of an ID in a default": f"query ($v: ID! = {'9' * 99_000}) {{ node(id: $v) {{ id }} }}",
    "definitions of types": _many(600, "type T# { a: Int }"),
    "definitions of directives": _many(800, "directive @d# on FIELD") + "{ __typename }",
    "comments": "#\n" * 1_000 + "{ __typename }",
    "a comment": "#" + "x" * (DOCUMENT_LIMIT - 20) + "\n{ __typename }",
    "nothing": "\ufeff," * (DOCUMENT_LIMIT // 2 - 20) + "{ __typename }",
    "the schema again and again": f"{{ {_many(100, 's#: __schema { ...F }')} }} fragment F on __Schema "
    "{ types { fields { args { type { ofType { ofType { name } } } } } } }",
}


def _answer(text: str, *, anonymous: bool) -> None:
    """What is done of a request before it is executed."""
    try:
        checked = Documents(SCHEMA).check(text, anonymous=anonymous)
        errors = checked.errors
        if not errors:
            for node in checked.document.definitions:
                if isinstance(node, OperationDefinitionNode):
                    check_cost(SCHEMA, checked.document, node, {})
    except GraphQLError as refused:
        errors = [refused]
    orjson.dumps([present_error(error, "id", hide_suggestions=anonymous) for error in errors])


@pytest.mark.parametrize("anonymous", [True, False])
@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_document_takes_little_of_the_processor(text: str, anonymous: bool) -> None:
    started = time.thread_time()
    _answer(text, anonymous=anonymous)
    assert time.thread_time() - started < SECONDS


VARIABLES: dict[str, tuple[str, object]] = {
    "ids": ("[ID!]", ["a"] * (VARIABLE_VALUE_LIMIT - 1)),
    "too many ids": ("[ID!]", ["a"] * 240_000),
    "wrong ids": ("[ID!]", [True] * (VARIABLE_VALUE_LIMIT - 1)),
    "lists": ("[ID!]", [[] for _ in range(VARIABLE_VALUE_LIMIT - 1)]),
    "unknown fields": ("SignInInput", {f"emailpassword{number}": 1 for number in range(19_000)}),
    "objects": ("[SignInInput!]", [{"email": "a"}] * 9_000),
    "enum values that do not exist": ("[Permission!]", ["ACCOUNT_READX" * 3] * 19_000),
    "marks": ("[String!]", ["a" + "\u0325\u0301" * 4_990] * 45),
    "letters": ("[String!]", ["\u00e4" * 9_990] * 48),
    "texts that look like messages": ("SignInInput", {"x": [MASKED_SLOWLY] * 95}),
    "moments": ("[DateTime!]", ["2020-01-01T00:00:00Z"] * 19_000),
    "amounts": ("[MicroAmount!]", ["1e999999999"] * 19_000),
}


@pytest.mark.parametrize(("type_", "value"), VARIABLES.values(), ids=VARIABLES.keys())
def test_variables_take_little_of_the_processor(type_: str, value: object) -> None:
    body = orjson.dumps({"v": value})
    assert len(body) <= BODY_LIMIT
    document = Documents(SCHEMA).check(
        f"query ($v: {type_}) {{ a: __typename @include(if: true) }}", anonymous=True
    )
    (operation,) = document.document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    started = time.thread_time()
    variables = orjson.loads(body)
    try:
        read_variable_texts(variables, {})
        found = get_variable_values(
            SCHEMA, operation.variable_definitions or (), variables, max_errors=VALIDATION_ERROR_LIMIT
        )
    except GraphQLError as refused:
        found = [refused]
    if isinstance(found, list):
        orjson.dumps([present_error(error, "id", hide_suggestions=True) for error in found])
    assert time.thread_time() - started < SECONDS
