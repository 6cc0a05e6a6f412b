"""Questions about the schema: what they cost is counted, and the usual ones are answered from a kept text."""

import gzip
from typing import Any

import httpx
import orjson
import pytest
from graphql import (
    GraphQLError,
    execute_sync,
    get_introspection_query,
    get_operation_ast,
    parse,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from engine.limits import meta_costs
from engine.limits.meta_costs import META_COST_LIMIT, check_meta_cost
from engine.limits.operation import check_cost
from server.graphql.introspection import KEPT_ANSWERS, Introspection, is_about_schema, usual_questions
from server.http.media_types import accepts_gzip
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.client.schema import SCHEMA

USUAL = usual_questions()
WHOLE = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    experimental_directive_deprecation=True,
    one_of=True,
)
LARGEST_RESPONSE = 2_000_000


def _check(text: str, variables: dict[str, Any] | None = None) -> None:
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    check_cost(SCHEMA, document, operation, variables or {})


def _answered(data: object) -> int:
    """The fields of an answer."""
    if isinstance(data, dict):
        return len(data) + sum(_answered(value) for value in data.values())
    return sum(_answered(item) for item in data) if isinstance(data, list) else 0


TOO_MUCH = {
    "again and again": "{ "
    + " ".join(f"s{n}: __schema {{ ...F }}" for n in range(100))
    + " } fragment F on __Schema { types { fields { args { type { ofType { name } } } } } }",
    "one more than twice": "{ " + " ".join(f"s{n}: __schema {{ __typename }}" for n in range(3)) + " }",
    "types": "{ " + " ".join(f't{n}: __type(name: "Account") {{ name }}' for n in range(11)) + " }",
    "the fields of all fields": "{ __schema { types { fields { type { fields { name description isDeprecated "
    "deprecationReason type { name kind description isOneOf ofType { name kind description isOneOf "
    "ofType { name kind description isOneOf } } } } } } } } }",
    "many names of one": "{ __schema { types { fields { "
    + " ".join(f"a{n}: name" for n in range(90))
    + " } } } }",
    "the name in a variable": 'query ($name: String! = "Node") { a: __type(name: $name) { ...F } '
    "b: __type(name: $name) { ...F } } fragment F on __Type { possibleTypes { fields { "
    + " ".join(f"a{n}: name" for n in range(90))
    + " } } }",
}


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_tells_too_much_is_refused(text: str) -> None:
    with pytest.raises(GraphQLError, match="The document is too large: more than") as refused:
        _check(text)
    assert refused.value.extensions == {"code": "COST_EXCEEDED"}


FEATURES = " ".join(
    f'{name.lower()}: __type(name: "__{name}") {{ fields(includeDeprecated: true) {{ name }} }}'
    for name in ("Schema", "Type", "Directive", "Field", "InputValue")
)


@pytest.mark.parametrize("text", [*USUAL, WHOLE, f"{{ {FEATURES} }}"])
def test_what_tools_ask_is_not_too_much(text: str) -> None:
    """Also after the schema has grown by a tenth."""
    _check(text)
    answer = execute_sync(SCHEMA, parse(text)).data
    assert _answered(answer) * 1.1 < META_COST_LIMIT


_LEAVES = st.sampled_from(["name", "description", "__typename", "a: name"])


def _fields(type_: str, depth: int) -> st.SearchStrategy[str]:
    """Selections of an introspection type."""
    below = {
        "__Schema": {"types": "__Type", "queryType": "__Type", "directives": "__Directive"},
        "__Type": {
            "fields": "__Field",
            "fields(includeDeprecated: true)": "__Field",
            "interfaces": "__Type",
            "possibleTypes": "__Type",
            "inputFields": "__InputValue",
            "enumValues": "__EnumValue",
            "ofType": "__Type",
        },
        "__Field": {"args": "__InputValue", "type": "__Type"},
        "__InputValue": {"type": "__Type"},
        "__Directive": {"args": "__InputValue"},
        "__EnumValue": {},
    }[type_]
    leaves = st.just("__typename") if type_ == "__Schema" else _LEAVES
    if depth == 0 or not below:
        return leaves
    inner = st.sampled_from(sorted(below)).flatmap(
        lambda name: _fields(below[name], depth - 1).map(lambda text: f"{name} {{ {text} }}")
    )
    spread = inner.map(lambda text: f"... {{ {text} }}")
    return st.lists(st.one_of(leaves, inner, spread), min_size=1, max_size=3, unique=True).map(" ".join)


@settings(deadline=None, max_examples=40)
@given(_fields("__Schema", 5))
def test_the_cost_is_what_is_answered(text: str) -> None:
    """Never less; it stops at the limit, so that counting is never the work that is counted."""
    document = parse(f"{{ __schema {{ {text} }} }}")
    operation = get_operation_ast(document)
    assert operation is not None
    try:
        check_meta_cost(SCHEMA, {}, operation, {}, META_COST_LIMIT)
    except GraphQLError:
        return
    result = execute_sync(SCHEMA, document)
    assert result.errors is None
    assert _answered(result.data) <= META_COST_LIMIT


def test_counting_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    count = meta_costs._MetaCosts._count

    def noted(self: Any, many: int) -> None:
        counted.append(many)
        count(self, many)

    monkeypatch.setattr(meta_costs._MetaCosts, "_count", noted)
    for text in TOO_MUCH.values():
        counted.clear()
        with pytest.raises(GraphQLError):
            _check(text)
        assert len(counted) <= 2 * META_COST_LIMIT


@by_night_alone
@pytest.mark.parametrize("text", USUAL)
async def test_the_text_that_is_kept_is_what_executing_gives(app: Starlette, text: str) -> None:
    """By POST and GET, compressed and not, the first time and the next."""
    expected = execute_sync(SCHEMA, parse(text)).data
    async with Api.of(app) as api:
        for encoding in ("gzip", "identity"):
            head = {"accept-encoding": encoding, "accept": "application/json"}
            for _ in range(2):
                answers = [
                    await api.http.post("/graphql", json={"query": text}, headers=head),
                    await api.http.get("/graphql", params={"query": text}, headers=head),
                ]
                for answer in answers:
                    _is_expected(answer, expected, encoding)


def _is_expected(answer: httpx.Response, expected: object, encoding: str) -> None:
    assert answer.status_code == 200
    assert answer.json() == {"data": expected}
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["vary"] == "accept, accept-encoding"
    assert answer.headers.get("content-encoding") == (encoding if encoding == "gzip" else None)
    assert (int(answer.headers["content-length"]) < LARGEST_RESPONSE / 20) == (encoding == "gzip")


async def test_a_token_that_is_not_valid_is_told_beside_it(app: Starlette) -> None:
    async with Api.of(app) as api:
        answer = await api.http.post(
            "/graphql", json={"query": USUAL[0]}, headers={"authorization": "Bearer mdt_sess_nothing"}
        )
    assert answer.json()["extensions"]["authentication"] == "INVALID"
    assert answer.json()["data"]["__schema"]["types"]


def test_whether_one_field_alone_is_taken_is_told_of_every_type() -> None:
    """Strawberry's resolver raises for lists and for what is never null, thousands of errors a question."""
    result = execute_sync(SCHEMA, parse("{ __schema { types { isOneOf fields { type { isOneOf } } } } }"))
    assert result.errors is None


async def test_the_bomb_is_refused(app: Starlette) -> None:
    async with Api.of(app) as api:
        answer = await api.http.post("/graphql", json={"query": TOO_MUCH["again and again"]})
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["COST_EXCEEDED"]
    assert "more than 2 times __schema" in answer.text


def _ask(introspection: Introspection, text: str) -> bytes | None:
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    assert is_about_schema(document, operation)
    return introspection.answer(text, document, operation)


def test_few_answers_are_kept() -> None:
    introspection = Introspection(SCHEMA)
    texts = [f'{{ __type(name: "Type{number}") {{ name }} }}' for number in range(1_000)]
    for text in texts:
        _ask(introspection, text)
    assert [introspection.kept(text) is not None for text in texts].count(True) == KEPT_ANSWERS
    assert introspection.kept(texts[-1]) is not None


def test_a_question_is_known_however_it_is_laid_out() -> None:
    introspection = Introspection(SCHEMA)
    answer = _ask(introspection, USUAL[0])
    assert introspection.kept("\n\n  ".join(USUAL[0].split())) is answer
    assert answer is not None
    assert gzip.decompress(introspection.kept(USUAL[0]).compressed) == b'{"data":%b}' % answer  # type: ignore[union-attr]
    assert orjson.loads(bytes(answer))["__schema"]["queryType"]["name"] == "Query"
    assert introspection.kept(USUAL[1]) is None


@pytest.mark.parametrize(
    "text",
    [
        "{ viewer { id } }",
        "{ __typename }",
        "{ __schema { __typename } viewer { id } }",
        "query A { __schema { __typename } } query B { viewer { id } }",
        "query ($name: String!) { __type(name: $name) { name } }",
        "{ ...F __schema { __typename } } fragment F on Query { viewer { id } }",
        "mutation { __typename }",
    ],
)
def test_what_is_not_about_the_schema_alone_is_executed(text: str) -> None:
    document = parse(text)
    operation = get_operation_ast(document, "A" if "query A" in text else None)
    assert operation is not None
    assert not is_about_schema(document, operation)


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        (b"gzip", True),
        (b"br, GZIP;q=0.5", True),
        (b"*", True),
        (b"gzip;q=0", False),
        (b"gzip;q=0, *", False),
        (b"identity", False),
        (b"", False),
        (b"gzipped", False),
    ],
)
def test_who_accepts_gzip(accepted: bytes, compressed: bool) -> None:
    assert accepts_gzip([(b"accept-encoding", accepted)]) == compressed


def test_who_does_not_say_gets_the_text() -> None:
    assert not accepts_gzip([])
    assert accepts_gzip([(b"accept-encoding", b"br"), (b"accept-encoding", b"gzip")])
