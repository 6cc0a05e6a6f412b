"""The GraphQL endpoint over HTTP: what it answers, and what it refuses without falling."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest
from structlog.testing import capture_logs

from server.graphql.documents import COMMENT_LIMIT, DOCUMENT_LIMIT, TOKEN_LIMIT, VALIDATION_ERROR_LIMIT
from tests.server.start.small_server import (
    GRAPHQL,
    HELLO,
    JSON,
    SECRET,
    TOGETHER,
    SmallServer,
    code_of,
    only_error,
    post,
    run_small_server,
)

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="module")
def server() -> Iterator[SmallServer]:
    with run_small_server() as server:
        yield server


@pytest.fixture
def client(server: SmallServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


# What is answered


def test_a_query_by_post(client: httpx.Client) -> None:
    body = {
        "query": "query Q($n: String) { greeting(name: $n) }",
        "variables": {"n": "Zoë"},
        "operationName": "Q",
    }
    response = post(client, body, JSON, token="t")
    assert response.status_code == 200
    assert response.json()["data"] == {"greeting": "Hello Zoë"}
    assert response.json()["extensions"] == {"client": "127.0.0.1", "authorization": "Bearer t"}
    assert "errors" not in response.json()
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "accept"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_query_by_get(client: httpx.Client) -> None:
    document = "query A($n: String) { greeting(name: $n) } query B { number(value: 1) }"
    parameters = {"query": document, "variables": '{"n": "Zoë"}', "operationName": "A"}
    assert client.get("/graphql", params=parameters).json()["data"] == {"greeting": "Hello Zoë"}
    assert client.get("/graphql", params=parameters | {"operationName": "B"}).json()["data"] == {"number": 1}


@pytest.mark.parametrize("variables", [{}, {"variables": None, "operationName": None}])
def test_variables_and_operation_name_may_be_left_out(
    client: httpx.Client, variables: dict[str, None]
) -> None:
    assert post(client, {"query": HELLO} | variables).json()["data"] == {"greeting": "Hello world"}


def test_a_mutation_runs_by_post_and_not_by_get(client: httpx.Client, server: SmallServer) -> None:
    server.root.recorded.clear()
    response = client.get("/graphql", params={"query": "mutation { record(value: 1) }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert code_of(response) == "METHOD_NOT_ALLOWED"
    assert server.root.recorded == []
    assert post(client, {"query": "mutation { record(value: 2) }"}).json()["data"] == {"record": 2}
    assert server.root.recorded == [2]


def test_a_query_by_get_runs_beside_a_mutation_that_is_not_asked_for(client: httpx.Client) -> None:
    document = "query A { greeting } mutation B { record(value: 3) }"
    assert client.get("/graphql", params={"query": document, "operationName": "A"}).status_code == 200
    assert client.get("/graphql", params={"query": document, "operationName": "B"}).status_code == 405


@pytest.mark.parametrize(
    "content_type", [JSON, "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_accepted_content_types(client: httpx.Client, content_type: str) -> None:
    response = client.post(
        "/graphql", content=json.dumps({"query": HELLO}), headers={"content-type": content_type}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON};q=0.9", JSON),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL}, */*", GRAPHQL),
        (f"{JSON}, */*", JSON),
        (f"{JSON};q=0, */*;q=0.1", GRAPHQL),
        ("Application/JSON; charset=utf-8", JSON),
        ("text/plain, */*;q=0.1", JSON),
        (BROWSER, JSON),
    ],
)
def test_content_negotiation(client: httpx.Client, accept: str | None, answer: str) -> None:
    del client.headers["accept"]
    headers = {} if accept is None else {"accept": accept}
    response = client.post("/graphql", json={"query": HELLO}, headers=headers)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{answer}; charset=utf-8")


@pytest.mark.parametrize(
    "accept", ["text/html", "image/*", f"{JSON};q=0", "application/json-evil", f"{JSON};q=2", f"{JSON};q=x"]
)
def test_nothing_acceptable(client: httpx.Client, accept: str) -> None:
    response = post(client, {"query": HELLO}, accept)
    assert (response.status_code, code_of(response)) == (406, "NOT_ACCEPTABLE")
    assert response.headers["content-type"] == "application/json; charset=utf-8"


def test_a_browser_gets_the_page(client: httpx.Client) -> None:
    response = client.get("/graphql", headers={"accept": BROWSER})
    assert "GraphiQL" in response.text
    assert response.headers["vary"] == "accept"
    # With a query in its address the page opens it; a program gets the answer.
    assert "GraphiQL" in client.get("/graphql", params={"query": HELLO}, headers={"accept": BROWSER}).text
    answer = client.get("/graphql", params={"query": HELLO}, headers={"accept": "application/json"})
    assert answer.json()["data"] == {"greeting": "Hello world"}
    assert code_of(client.get("/graphql", headers={"accept": "*/*"})) == "BAD_USER_INPUT"


@pytest.mark.parametrize("accept", [BROWSER, "text/html", JSON, GRAPHQL, "image/*"])
@pytest.mark.parametrize("query", [None, HELLO, "{ nothing }", "mutation { record(value: 1) }"])
def test_head_is_answered_as_get_without_the_body(
    client: httpx.Client, server: SmallServer, accept: str, query: str | None
) -> None:
    server.root.recorded.clear()
    parameters = None if query is None else {"query": query}
    got, head = (
        client.request(method, "/graphql", params=parameters, headers={"accept": accept, "x-request-id": "1"})
        for method in ("GET", "HEAD")
    )
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}
    assert server.root.recorded == []


def test_requests_run_beside_each_other(server: SmallServer) -> None:
    def ask(_: int) -> httpx.Response:
        return httpx.post(f"{server.url}/graphql", json={"query": "{ together }"}, timeout=60)

    with ThreadPoolExecutor(TOGETHER) as pool:
        answers = list(pool.map(ask, range(TOGETHER)))
    assert [answer.json()["data"] for answer in answers] == [{"together": "done"}] * TOGETHER


# Errors of operations: their status depends on the media type


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{", None),
        ("", None),
        ("{ greeting \ufeff\x00 }", None),
        ("{ nothing }", None),
        ("{ number(value: 1.5) }", None),
        ("{ even(value: 1) }", None),
        ("{ ...Unknown }", None),
        ("query Q { ...F } fragment F on Query { ...F }", None),
        ("query Q($v: Int!) { number(value: $v) }", None),
        ("query Q($v: Int!) { number(value: $v) }", {"v": "1"}),
        ("query Q($v: Int!) { number(value: $v) }", {"v": 2**31}),
        ("query Q($v: Even!) { even(value: $v) }", {"v": 1}),
        ("{" * 5000, None),
    ],
)
def test_request_errors(client: httpx.Client, query: str, variables: dict[str, object] | None) -> None:
    _assert_refused(client, "BAD_USER_INPUT", query, variables)


@pytest.mark.parametrize(
    "query",
    [
        "{ echo(value: " + "[" * 5000 + "]" * 5000 + ") }",
        "{" + "a " * TOKEN_LIMIT + "}",
        "{ greeting " + "#\n" * (COMMENT_LIMIT + 1) + "}",
        "{ greeting " + " " * DOCUMENT_LIMIT + "}",
    ],
    ids=["nested", "tokens", "comments", "characters"],
)
def test_documents_that_are_too_large(client: httpx.Client, query: str) -> None:
    _assert_refused(client, "COST_EXCEEDED", query)


def _assert_refused(
    client: httpx.Client, code: str, query: str, variables: dict[str, object] | None = None
) -> None:
    body = {"query": query, "variables": variables}
    for accept, status in ((GRAPHQL, 400), (JSON, 200)):
        response = post(client, body, accept)
        assert (response.status_code, code_of(response)) == (status, code), response.text
        assert "data" not in response.json()
    assert post(client, {"query": HELLO}).status_code == 200


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 406)])
def test_a_subscription_needs_a_stream(client: httpx.Client, accept: str, status: int) -> None:
    response = post(client, {"query": "subscription { ticks }"}, accept)
    assert (response.status_code, code_of(response)) == (status, "NOT_ACCEPTABLE")
    assert "text/event-stream" in response.text


def test_another_protocol_than_ours_is_not_offered(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    other = client.get(
        "/graphql", params={"query": HELLO}, headers={"connection": "Upgrade", "upgrade": "h2c"}
    )
    assert other.json()["data"] == {"greeting": "Hello world"}
    assert caplog.records == []


_DEFERRED = "{ ... @defer { greeting } number(value: 1) }"


@pytest.mark.parametrize(
    "query",
    [
        _DEFERRED,
        '{ ...F @defer(label: "later", if: true) } fragment F on Query { greeting }',
        "query Q($if: Boolean) { greeting @stream(initialCount: 1, if: $if) }",
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON, "multipart/mixed;deferSpec=20220824, application/json"])
def test_there_is_no_incremental_delivery(client: httpx.Client, query: str, accept: str) -> None:
    response = post(client, {"query": query}, accept)
    assert response.status_code == (400 if accept == GRAPHQL else 200)
    assert code_of(response) == "INCREMENTAL_DELIVERY_NOT_SUPPORTED"
    assert "Answers come whole: ask without @" in response.text


def test_an_answer_in_parts_is_not_acceptable(client: httpx.Client) -> None:
    for query in (HELLO, _DEFERRED):
        response = post(client, {"query": query}, "multipart/mixed;deferSpec=20220824")
        assert (response.status_code, code_of(response)) == (406, "NOT_ACCEPTABLE")
        assert "whole; accept one of them" in response.text
    both = post(client, {"query": HELLO}, "multipart/mixed;deferSpec=20220824, application/json")
    assert both.json()["data"] == {"greeting": "Hello world"}


def test_validation_stops(client: httpx.Client) -> None:
    response = post(client, {"query": "{" + " ".join(f"unknown{n}" for n in range(100)) + "}"})
    assert len(response.json()["errors"]) == VALIDATION_ERROR_LIMIT + 1


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ greting }"},
        {"query": "query Q($s: Search!) { found(search: $s) }", "variables": {"s": {"nam": "x"}}},
    ],
)
def test_names_are_suggested_to_those_with_a_token_alone(
    client: httpx.Client, body: dict[str, object]
) -> None:
    assert "Did you mean" in post(client, body, token="t").text
    anonymous = post(client, body)
    assert anonymous.status_code == 400
    assert "Did you mean" not in anonymous.text


# Failures of resolvers and of the executor


def test_what_a_resolver_raises_is_masked_and_logged(client: httpx.Client) -> None:
    with capture_logs() as logs:
        response = post(client, {"query": "{ greeting broken }"})
    assert response.status_code == 200
    assert response.json()["data"] == {"greeting": "Hello world", "broken": None}
    (error,) = response.json()["errors"]
    assert error.pop("locations") == [{"line": 1, "column": 12}]
    request_id = response.headers["x-request-id"]
    extensions = {"code": "INTERNAL", "requestId": request_id}
    assert error == {"message": "Internal error", "path": ["broken"], "extensions": extensions}
    (entry,) = [entry for entry in logs if entry["event"] == "internal error"]
    assert SECRET in str(entry["exc_info"])


def test_an_error_for_the_client_passes(client: httpx.Client) -> None:
    response = post(client, {"query": "{ forbidden }"})
    assert (response.status_code, response.json()["data"]) == (200, {"forbidden": None})
    assert only_error(response) == {"code": "FORBIDDEN", "message": "You lack MEMBERS_READ."}


@dataclass(frozen=True)
class Broken:
    """A failing request and its answer under both media types."""

    query: str
    token: str | None
    graphql_status: int
    json_status: int
    code: str


@pytest.mark.parametrize(
    "case",
    [
        Broken("{ brokenRequired }", None, 200, 200, "INTERNAL"),
        Broken("{ away }", None, 200, 200, "UNAVAILABLE"),
        Broken("{ awayRequired }", None, 503, 503, "UNAVAILABLE"),
        Broken("{ huge }", None, 500, 500, "INTERNAL"),
        Broken(HELLO, "breaks", 500, 500, "INTERNAL"),
        Broken(HELLO, "away", 503, 503, "UNAVAILABLE"),
        Broken(HELLO, "expired", 401, 401, "UNAUTHENTICATED"),
    ],
)
def test_failures(client: httpx.Client, case: Broken) -> None:
    for accept, status in ((GRAPHQL, case.graphql_status), (JSON, case.json_status)):
        with capture_logs():
            response = post(client, {"query": case.query}, accept, case.token)
        assert (response.status_code, only_error(response)["code"]) == (status, case.code)
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
        assert response.headers.get("retry-after") == ("1" if status == 503 else None)
        assert response.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
        assert "hunter2" not in response.text
    assert post(client, {"query": HELLO}).status_code == 200
