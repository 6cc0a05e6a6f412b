"""Automatic persisted queries: the protocol, by other people's clients and by hand."""

import json
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest

from authz.policy.builtin_roles import BuiltinRole
from server.graphql.documents import DOCUMENT_LIMIT
from tests.client_libraries.node import run_in_node
from tests.client_libraries.programs import needs_npm
from tests.server.graphql.test_audit import url as url
from tests.server.start.small_server import (
    GRAPHQL,
    HELLO,
    JSON,
    SmallServer,
    code_of,
    only_error,
    post,
    run_small_server,
)
from tests.world.world import World

_NOT_FOUND = {"code": "PERSISTED_QUERY_NOT_FOUND", "message": "PersistedQueryNotFound"}


@pytest.fixture
def server() -> Iterator[SmallServer]:
    """One that has seen nothing."""
    with run_small_server() as server:
        yield server


@pytest.fixture
def client(server: SmallServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def _named(text: str, **more: object) -> dict[str, object]:
    digest = sha256(text.encode()).hexdigest()
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest, **more}}}


@needs_npm
@pytest.mark.parametrize("library", ["apollo", "urql"])
async def test_a_client_of_others_sends_the_text_once(url: str, world: World, library: str) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    told = await run_in_node("persisted.mjs", url, library, owner.token)
    assert told["answers"] == [1, 1, 1]
    first, with_text, *others = told["sent"]
    assert (first["method"], first["withText"]) == ("GET", False)
    assert (with_text["withText"], with_text["status"]) == (True, 200)
    assert others == [{"method": "GET", "withText": False, "status": 200}] * 2


def test_a_text_is_known_once_it_was_sent_with_its_hash(client: httpx.Client) -> None:
    for accept, status in ((GRAPHQL, 400), (JSON, 200)):
        response = post(client, _named(HELLO), accept)
        assert (response.status_code, only_error(response)) == (status, _NOT_FOUND)
        assert response.headers["cache-control"] == "no-store"
    post(client, {"query": HELLO})
    assert code_of(post(client, _named(HELLO))) == "PERSISTED_QUERY_NOT_FOUND", "only what came with its hash"

    assert post(client, {"query": HELLO, **_named(HELLO, miss=True)}).status_code == 200
    assert post(client, _named(HELLO)).json()["data"] == {"greeting": "Hello world"}
    extensions = json.dumps(_named(HELLO)["extensions"])
    by_get = client.get("/graphql", params={"extensions": extensions}, headers={"accept": GRAPHQL})
    assert (by_get.status_code, by_get.json()["data"]) == (200, {"greeting": "Hello world"})
    plain = client.get("/graphql", params={"query": HELLO}, headers={"accept": GRAPHQL})
    assert by_get.headers["cache-control"] == plain.headers["cache-control"]
    head = client.head("/graphql", params={"extensions": extensions}, headers={"accept": GRAPHQL})
    assert (head.status_code, head.content) == (200, b"")


def test_variables_and_the_operation_name_come_beside_the_hash(client: httpx.Client) -> None:
    text = "query A($n: String) { greeting(name: $n) } query B { number(value: 1) }"
    assert post(client, {"query": text, "operationName": "B", **_named(text)}).status_code == 200
    asked = {**_named(text), "operationName": "A", "variables": {"n": "Zoë"}}
    assert post(client, asked).json()["data"] == {"greeting": "Hello Zoë"}
    assert code_of(post(client, _named(text))) == "BAD_USER_INPUT", "it does not say which"


def test_a_mutation_by_its_hash_runs_by_post_alone(client: httpx.Client, server: SmallServer) -> None:
    text = "mutation { record(value: 1) }"
    assert post(client, {"query": text, **_named(text)}).status_code == 200
    assert server.root.recorded == [1]
    extensions = json.dumps(_named(text)["extensions"])
    refused = client.get("/graphql", params={"extensions": extensions})
    assert (refused.status_code, code_of(refused)) == (405, "METHOD_NOT_ALLOWED")
    assert server.root.recorded == [1]
    assert post(client, _named(text)).json()["data"] == {"record": 1}
    assert server.root.recorded == [1, 1]


def test_a_text_that_is_not_its_hashs_neither_runs_nor_stays(
    client: httpx.Client, server: SmallServer
) -> None:
    foreign = {"query": "mutation { record(value: 9) }", **_named(HELLO)}
    for accept in (GRAPHQL, JSON):
        refused = post(client, foreign, accept)
        assert (refused.status_code, code_of(refused)) == (400, "BAD_USER_INPUT")
    assert server.root.recorded == []
    assert code_of(post(client, _named(HELLO))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{ nothing }",
        "query A { greeting } query B { greeting }",
        "{ greeting " + " " * DOCUMENT_LIMIT + "}",
    ],
    ids=["no document", "not valid", "no operation is chosen", "too large"],
)
def test_what_cannot_run_is_not_kept(client: httpx.Client, text: str) -> None:
    refused = post(client, {"query": text, **_named(text)})
    assert refused.status_code == 400
    assert code_of(post(client, _named(text))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "persisted",
    [
        "ab",
        [],
        {"version": 2, "sha256Hash": "ab"},
        {"version": True, "sha256Hash": "ab"},
        {"version": "1", "sha256Hash": "ab"},
        {"sha256Hash": "ab"},
        {"version": 1},
        {"version": 1, "sha256Hash": ""},
        {"version": 1, "sha256Hash": 7},
    ],
)
def test_what_is_no_persisted_query_is_refused(client: httpx.Client, persisted: object) -> None:
    extensions = {"persistedQuery": persisted}
    for body in ({"extensions": extensions}, {"query": HELLO, "extensions": extensions}):
        refused = post(client, body, JSON)
        assert (refused.status_code, code_of(refused)) == (400, "BAD_USER_INPUT")
    assert post(client, {"query": HELLO, "extensions": {"persistedQuery": None}}).status_code == 200


def test_strangers_do_not_push_out_what_others_use(client: httpx.Client) -> None:
    """4 MB of valid documents and more, without a token and from the same place."""
    text = '{ greeting(name: "mine") }'
    assert post(client, {"query": text, **_named(text)}, token="mine").status_code == 200
    filler = " " * 90_000
    for number in range(60):
        other = f"{{ a{number}: greeting{filler}}}"
        assert post(client, {"query": other, **_named(other)}).status_code == 200
    assert code_of(post(client, _named(f"{{ a0: greeting{filler}}}"))) == "PERSISTED_QUERY_NOT_FOUND"
    assert post(client, _named(text), token="mine").json()["data"] == {"greeting": "Hello mine"}
