"""Requests over HTTP that are not well-formed GraphQL requests: refused alike under both media types."""

import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from server.http.request import BODY_LIMIT, CONTAINER_LIMIT, DEPTH_LIMIT
from tests.server.start.small_server import (
    GRAPHQL,
    HELLO,
    JSON,
    SmallServer,
    only_error,
    post,
    run_small_server,
)

DEEPEST = DEPTH_LIMIT - 2
"""How deep a variable may be: the body and the variables are around it."""


@pytest.fixture(scope="module")
def server() -> Iterator[SmallServer]:
    with run_small_server() as server:
        yield server


@pytest.fixture
def client(server: SmallServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"nonsense",
        b'{"query":',
        b"null",
        b"true",
        b"1",
        b'"{ greeting }"',
        b"[]",
        b'[{"query": "{ greeting }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": 1}',
        b'{"query": ["{ greeting }"]}',
        b'{"qeury": "{ greeting }"}',
        b'{"query": "{ greeting }", "variables": []}',
        b'{"query": "{ greeting }", "variables": "{}"}',
        b'{"query": "{ greeting }", "operationName": 1}',
        b'{"query": "{ greeting }", "extensions": []}',
        b'{"query": "{ greeting }", "extensions": {"reason": 1}}',
        b'{"query": "{ greeting }", "extensions": {"reason": {}}}',
        b'{"query": "{ greeting }", "extensions": {"reason": ""}}',
        b'{"query": "{ greeting }", "extensions": {"reason": "a\\u0000b"}}',
        b'{"query": "{ greeting }", "extensions": {"reason": "two\\nlines"}}',
        b'{"query": "{ greeting }", "extensions": {"reason": "' + b"x" * 201 + b'"}}',
        b'{"query": "{ greeting }", "query": "{ greeting }"}',
        b'{"query": "{ greeting }", "query" : "{ greeting }"}',
        b'{"query": "{ greeting }", "qu\\u0065ry": "{ greeting }"}',
        b'{"query": "{ greeting }", "variables": {"a": [{"b": 1, "b": 1}]}}',
        b'{"query": "{ greeting }", "variables": {"a": [[{"": 1, "": 2}]]}}',
        b'{"query": "{ greeting }", "variables": {"a\\\\": 1, "a\\\\"\n: 2, "b": "\\":"}}',
        b'{"query": "{ greeting }", "extensions": {"reason": "a", "reason": "b"}}',
        b'{"query": "{ greeting }", "operationName": "Other"}',
        b'{"query": "{ greeting }", "operationName": ""}',
        b'{"query": "query A { greeting } query B { greeting }"}',
        b'{"query": "query A { greeting } mutation B { record(value: 9) }"}',
        b'{"query": "fragment F on Query { greeting }"}',
        b'{"query": "{ greeting }", "variables": {"v": NaN}}',
        b'{"query": "{ greeting }", "variables": {"v": Infinity}}',
        b'{"query": "{ greeting }", "variables": {"v": 1e999}}',
        b'{"query": "{ greeting }", "variables": {"v": 9223372036854775808}}',
        b'{"query": "{ greeting }", "variables": {"v": -9223372036854775809}}',
        b'{"query": "{ greeting }", "variables": {"v": 99999999999999999999}}',
        b'{"query": "{ greeting }", "variables": {"v": ' + b"1" * 5000 + b"}}",
        b'{"query": "{ greeting }", "variables": {"v": "\\ud800"}}',
        b'{"query": "{ greeting \\udfff }"}',
        b'{"query": "{ greeting }", "variables": {"v": "\xff"}}',
        b'{"query": "{ greeting }", "variables": {"v": "\xed\xa0\x80"}}',
        '{"query": "{ greeting }"}'.encode("utf-16"),
        b"\xef\xbb\xbf" + b'{"query": "{ greeting }"}',
        b"[" * 100_000,
        b"[" * 1000 + b"]" * 1000,
        b'{"query": "{ greeting }", "variables": {"v": '
        + b"[" * (DEEPEST + 1)
        + b"]" * (DEEPEST + 1)
        + b"}}",
        b'{"query": "{ greeting }", "variables": {"v": ' + b"[" * DEEPEST + b"{}" + b"]" * DEEPEST + b"}}",
        b'{"query": "{ greeting }", "variables": {"v": ' + b"1" * 308 + b"}}",
    ],
)
def test_malformed_bodies(client: httpx.Client, body: bytes) -> None:
    for accept in (GRAPHQL, JSON):
        response = client.post("/graphql", content=body, headers={"content-type": JSON, "accept": accept})
        assert (response.status_code, only_error(response)["code"]) == (400, "BAD_USER_INPUT")
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert post(client, {"query": HELLO}).status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        b"9223372036854775807",
        b"-9223372036854775808",
        b'"99999999999999999999999"',
        b"0.99999999999999999999",
        b"1e30",
        b"[" * DEEPEST + b"]" * DEEPEST,
        b"[" * DEEPEST + b"1" + b"]" * DEEPEST,
        b'"\\ud83d\\ude00"',
        b'{"a": {"a": {"b": ":", "c": "\\":"}}, "b": [{"a": 1}, {"a": 1}], "\\":": "\\\\"}',
    ],
)
def test_what_is_just_within_the_limits(client: httpx.Client, value: bytes) -> None:
    body = b'{"query": "query Q($v: Anything) { echo(value: $v) }", "variables": {"v": ' + value + b"}}"
    response = client.post("/graphql", content=body, headers={"content-type": JSON})
    assert response.json()["data"] == {"echo": json.loads(value)}


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "operationName=A",
        "query=%ff",
        "query=%ed%a0%80",
        "query={greeting}&query={greeting}",
        "query={greeting}&variables=%7B",
        "query={greeting}&variables=[]",
        "query={greeting}&variables=%7B%22v%22:1,%22v%22:2%7D",
        "query={greeting}&variables=%7B%22v%22:NaN%7D",
        "query={greeting}&extensions=1",
        "query={greeting}&operationName=Other",
        "query={greeting}&" + "&".join(f"a{n}=1" for n in range(100)),
    ],
)
def test_malformed_query_strings(client: httpx.Client, query_string: str) -> None:
    response = client.get(f"/graphql?{query_string}", headers={"accept": JSON})
    assert (response.status_code, only_error(response)["code"]) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/json-evil",
        "application/jsonp",
        "application/json; charset=latin-1",
        "application/json; profile=x",
        "application/json, application/json",
        "application/graphql",
        "application/graphql+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
def test_other_content_types(client: httpx.Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    response = client.post("/graphql", content=json.dumps({"query": HELLO}).encode(), headers=headers)
    assert (response.status_code, only_error(response)["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "x"])
def test_bodies_that_are_encoded(client: httpx.Client, encoding: str) -> None:
    headers = {"content-type": JSON, "content-encoding": encoding}
    response = client.post("/graphql", content=json.dumps({"query": HELLO}).encode(), headers=headers)
    assert (response.status_code, only_error(response)["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["accept-encoding"] == "identity"
    headers["content-encoding"] = "identity"
    response = client.post("/graphql", content=json.dumps({"query": HELLO}).encode(), headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"])
def test_other_methods(client: httpx.Client, method: str) -> None:
    response = client.request(method, "/graphql", json={"query": HELLO})
    assert (response.status_code, only_error(response)["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("chunked", [False, True])
def test_the_longest_body(client: httpx.Client, chunked: bool) -> None:
    short = json.dumps({"query": HELLO, "padding": ""}).encode()
    longest = short.replace(b'""', b'"' + b"x" * (BODY_LIMIT - len(short)) + b'"')
    assert len(longest) == BODY_LIMIT
    for body, status in ((longest, 200), (longest + b" ", 413), (longest * 3, 413)):
        pieces = [body[start : start + 60_000] for start in range(0, len(body), 60_000)]
        response = client.post(
            "/graphql", content=iter(pieces) if chunked else body, headers={"content-type": JSON}
        )
        assert response.status_code == status
    assert only_error(response)["code"] == "PAYLOAD_TOO_LARGE"
    assert post(client, {"query": HELLO}).status_code == 200


def test_a_client_that_leaves_before_its_body_is_sent(client: httpx.Client, server: SmallServer) -> None:
    address = urlsplit(server.url)
    with capture_logs() as logs:
        with socket.create_connection((address.hostname, address.port or 0)) as connection:
            head = f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\ncontent-length: 100\r\n\r\n"
            connection.sendall(head.encode() + b'{"query"')
        deadline = time.monotonic() + 30
        while not logs and time.monotonic() < deadline:
            time.sleep(0.01)
    (entry,) = logs
    assert (entry["event"], entry["status"]) == ("request", None)
    assert post(client, {"query": HELLO}).status_code == 200


@pytest.mark.parametrize("container", ["[]", "{}", "[[[[[[]]]]]]", '{"a":[]}'])
def test_more_objects_and_lists_than_a_request_needs(client: httpx.Client, container: str) -> None:
    """A body has room for hundreds of thousands, which would take half a second of everybody's time."""
    few = {"query": HELLO, "variables": {"a": [1] * CONTAINER_LIMIT}}
    assert post(client, few).json()["data"] == {"greeting": "Hello world"}
    inner = ", ".join([container] * CONTAINER_LIMIT)
    many = f'{{"query": "{HELLO}", "variables": {{"a": [{inner}]}}}}'
    refused = client.post("/graphql", content=many, headers={"content-type": JSON, "accept": GRAPHQL})
    message = f"The body holds more than {CONTAINER_LIMIT} objects and lists."
    assert (refused.status_code, only_error(refused)["message"]) == (400, message)
