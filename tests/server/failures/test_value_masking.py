"""Errors tell what is wrong and where, and never the value: it may be a password in the wrong place.

Every input type of the schema is tried with values of every kind, so that a sentence of graphql-core or of a
scalar that comes anew, and repeats values, is found.
"""

from collections.abc import Iterator
from typing import Any

import graphql
import httpx
import pytest
from graphql import GraphQLError, GraphQLInputType, GraphQLList, GraphQLNamedType, GraphQLNonNull
from graphql.utilities.validate_input_value import validate_input_literal, validate_input_value
from starlette.applications import Starlette
from structlog.testing import capture_logs

from server.failures.errors import present_error
from server.graphql.documents import Documents
from tests.client.api import Api
from tests.client.schema import SCHEMA

CANARY = "hunter2"
_NUMBER = 7_420_017_420_017
"""A canary of digits; no 32-bit integer."""
_INPUT_TYPES = [
    type_
    for name, type_ in SCHEMA.type_map.items()
    if graphql.is_input_type(type_) and not name.startswith("__")
]
_VALUES: tuple[Any, ...] = (
    CANARY,
    f"\"{CANARY}' does not exist in 'X' enum. found: x\n",
    f": {CANARY}. Did you mean {CANARY}?",
    _NUMBER,
    _NUMBER + 0.5,
    True,
    [CANARY],
    [[_NUMBER]],
    {"password": CANARY},
    {"email": {"password": CANARY}, "limit": _NUMBER},
    {"userId": [CANARY], "expiresAt": CANARY, "amount": CANARY, "name": _NUMBER},
)
_LITERALS = (
    f'"{CANARY}"',
    f'"""{CANARY}, found: x"""',
    CANARY,
    str(_NUMBER),
    f"{_NUMBER}.5",
    "true",
    f'["{CANARY}"]',
    f'{{password: "{CANARY}"}}',
    f"{{email: {{password: {CANARY}}}, limit: {_NUMBER}}}",
    f'{{userId: ["{CANARY}"], expiresAt: "{CANARY}", amount: "{CANARY}", name: {_NUMBER}}}',
)


_OF_ALL = "Variable '$input' has invalid value: "


def _told(error: GraphQLError) -> str:
    return str(present_error(GraphQLError(error.message), "id", hide_suggestions=False)["message"])


def _errors(type_: GraphQLInputType) -> Iterator[GraphQLError]:
    found: list[GraphQLError] = []
    for value in _VALUES:
        validate_input_value(value, type_, lambda error, _: found.append(error))
    for literal in _LITERALS:
        validate_input_literal(graphql.parse_value(literal), type_, lambda error, _: found.append(error))
    yield from found


def _wrapped(type_: GraphQLNamedType) -> list[Any]:
    return [type_, GraphQLNonNull(type_), GraphQLList(GraphQLNonNull(type_))]


@pytest.mark.parametrize("type_", _INPUT_TYPES, ids=str)
def test_no_value_is_repeated_for_any_input_type(type_: GraphQLNamedType) -> None:
    errors = [error for wrapped in _wrapped(type_) for error in _errors(wrapped)]
    assert errors or type_.name == "JSON", "that takes everything"
    for error in errors:
        message = _told(error)
        for secret in (CANARY, str(_NUMBER), "Did you mean hunter"):
            assert secret not in message, (error.message, message)
        assert len(message) > len("Syntax Error"), "it still says what is wrong"


@pytest.mark.parametrize(
    "document",
    [
        f'{{ viewer "{CANARY}" }}',
        f"{{ viewer }} {CANARY}",
        f"{{ viewer }} {_NUMBER}",
        f"mutation {{ signIn(input: {{password: correct {CANARY} staple}}) {{ token }} }}",
        f'mutation {{ signIn(input: {{password: "{CANARY}}}) {{ token }} }}',
        f"mutation {{ signIn(input: {{password: '{CANARY}'}}) {{ token }} }}",
        f'{{ node(id: "\\u{{{CANARY}}}") {{ id }} }}',
        f"{{ node(id: .{_NUMBER}) {{ id }} }}",
        f"{{ node(id: {_NUMBER}{CANARY}) {{ id }} }}",
        f'{{ node(id: "{CANARY}" "{CANARY}") {{ id }} }}',
        f'{{ viewer @skip(if: "{CANARY}") {{ id }} }}',
        f'query ($n: Int = "{CANARY}") {{ viewer {{ accounts(first: $n) {{ totalCount }} }} }}',
        f'{{ viewer {{ accounts(first: "{CANARY}", orderBy: "{CANARY}") {{ totalCount }} }} }}',
        f'mutation {{ signIn(input: "{CANARY}") {{ token }} }}',
        f'mutation {{ signIn(input: {{passwort: "{CANARY}"}}) {{ token }} }}',
    ],
)
def test_no_value_of_a_document_is_repeated(document: str) -> None:
    try:
        errors = Documents(SCHEMA).check(document, anonymous=False).errors
    except GraphQLError as raised:
        errors = [raised]
    assert errors
    for error in errors:
        presented = present_error(error, "id", hide_suggestions=False)
        assert CANARY not in str(presented), error.message
        assert str(_NUMBER) not in str(presented), error.message
        assert presented["locations"]


@pytest.mark.parametrize(
    ("input_", "message"),
    [
        (
            {"email": "a@example.com", "password": _NUMBER},
            "Variable '$input' has invalid value at .password: String cannot represent a non string value.",
        ),
        (
            {"password": CANARY},
            _OF_ALL + "Expected value of type 'SignInInput' to include required field 'email'.",
        ),
        (
            CANARY,
            "Variable '$input' has invalid value: Expected value of type 'SignInInput' to be an object.",
        ),
        (
            {"email": "a@example.com", "password": "x", "passwort": CANARY},
            _OF_ALL + "Expected value of type 'SignInInput' not to include unknown field 'passwort'.",
        ),
    ],
)
async def test_a_password_in_the_wrong_place(app: Starlette, input_: object, message: str) -> None:
    query = "mutation ($input: SignInInput!) { signIn(input: $input) { token } }"
    with capture_logs() as logs:
        async with Api.of(app) as api:
            response = await api.http.post("/graphql", json={"query": query, "variables": {"input": input_}})
    (error,) = response.json()["errors"]
    assert error["message"] == message
    for text in (response.text, str(logs)):
        assert CANARY not in text
        assert str(_NUMBER) not in text
    assert logs[-1]["codes"] == {"BAD_USER_INPUT": 1}


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        (
            "Enum 'Currency' cannot represent non-enum value: \"EUR\". Did you mean the enum value 'EUR'?",
            "Enum 'Currency' cannot represent non-enum value. Did you mean the enum value 'EUR'?",
        ),
        (
            "Value 'EURO' does not exist in 'Currency' enum. Did you mean the enum value 'EUR' or 'GBP'?",
            "The value does not exist in 'Currency' enum. Did you mean the enum value 'EUR' or 'GBP'?",
        ),
        (
            "Expected value of type 'X' not to include unknown field 'a'. Did you mean 'b'? Found: {a: 1}.",
            "Expected value of type 'X' not to include unknown field 'a'. Did you mean 'b'?",
        ),
        ("Syntax Error: Expected ':', found Name 'x'.", "Syntax Error: Expected ':', found Name."),
        ("Syntax Error: Expected Name, found '}'.", "Syntax Error: Expected Name, found '}'."),
        ("Cannot query field 'a' on type 'B'.", "Cannot query field 'a' on type 'B'."),
        (
            "Expected value of non-null type 'String!' not to be None.",
            "Expected value of non-null type 'String!' not to be null.",
        ),
    ],
)
def test_what_helps_stays(message: str, masked: str) -> None:
    assert _told(GraphQLError(message)) == masked


async def test_errors_in_extensions_and_headers_are_masked_too(app: Starlette) -> None:
    async with Api.of(app) as api:
        answers: list[httpx.Response] = [
            await api.http.get(f"/graphql?query={{viewer{{id}}}}&variables={CANARY}"),
            await api.http.post("/graphql", json={"query": "{ __typename }", "operationName": CANARY}),
            await api.http.post(
                "/graphql", json={"query": "{ __typename }", "extensions": {"reason": [CANARY]}}
            ),
            await api.http.post(
                "/graphql",
                json={"query": "{ __typename }"},
                headers={"x-authz-min-revision": CANARY},
            ),
        ]
    for answer in answers:
        assert (answer.status_code, CANARY in answer.text) == (400, False)
