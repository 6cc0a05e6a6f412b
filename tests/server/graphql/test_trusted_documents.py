"""A server with a list of documents runs these, by their ids or their text, and no others."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha1
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from server.pages import likely_documents
from server.pages.people import PAGES, read_operations
from server.settings.settings import Settings
from server.start.app import create_app
from tests.world.world import World

_WHO = "query Who { viewer { user { email } } }"
_ACCOUNT = "query Account($id: ID!) { account(id: $id) { name } }"
_RENAME = "mutation Rename($input: AccountUpdateInput!) { accountUpdate(input: $input) { account { name } } }"
_OTHER = "{ viewer { user { name } } }"
_ACCEPT = "application/json"


def apollo(**bodies: str) -> object:
    """A manifest as Apollo's tool makes it, of documents by their names; the ids are the names in small."""
    operations = [
        {"id": name.lower(), "name": name, "type": "query", "body": body} for name, body in bodies.items()
    ]
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}


def code_generator(**bodies: str) -> dict[str, str]:
    """A manifest as GraphQL Code Generator makes it."""
    return {sha1(body.encode()).hexdigest(): body for body in bodies.values()}


@pytest.fixture
async def http(addresses: DatabaseAddresses, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(apollo(Who=_WHO, Account=_ACCOUNT, Rename=_RENAME)), encoding="utf-8")
    async with _serving(addresses, manifest) as client:
        yield client


@asynccontextmanager
async def _serving(addresses: DatabaseAddresses, manifest: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(documents=manifest, smtp_url=None), addresses.application)
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
        app.router.lifespan_context(app),
    ):
        yield client


async def _ask(http: httpx.AsyncClient, token: str | None, **body: Any) -> tuple[int, Any]:
    headers = {"accept": _ACCEPT} | ({"authorization": f"Bearer {token}"} if token else {})
    response = await http.post("/graphql", json=body, headers=headers)
    answer = response.json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    return response.status_code, codes or answer["data"]


def _named(id: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": id}}


async def test_what_is_listed_runs_by_its_id_and_by_its_text(http: httpx.AsyncClient, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    who = {"viewer": {"user": {"email": owner.person.email}}}
    assert await _ask(http, owner.token, extensions=_named("who")) == (200, who)
    assert await _ask(http, owner.token, query=_WHO) == (200, who)
    assert await _ask(http, owner.token, query=_WHO, extensions=_named("ab")) == (200, who), (
        "as Apollo retries"
    )
    asked = {"extensions": _named("account"), "variables": {"id": account.id}}
    assert await _ask(http, owner.token, **asked) == (200, {"account": {"name": account.name}})
    parameters = {"extensions": json.dumps(_named("who"))}
    by_get = await http.get(
        "/graphql", params=parameters, headers={"authorization": f"Bearer {owner.token}", "accept": _ACCEPT}
    )
    assert by_get.json()["data"] == who


async def test_a_text_comes_with_no_other_documents_id(http: httpx.AsyncClient, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    renamed = {"input": {"accountId": account.id, "expectedVersion": 1, "name": "Renamed"}}
    body = {"query": _RENAME, "extensions": _named("who"), "variables": renamed}
    assert await _ask(http, owner.token, **body) == (400, ["BAD_USER_INPUT"])
    asked = {"query": _ACCOUNT, "extensions": _named("account"), "variables": {"id": account.id}}
    assert await _ask(http, owner.token, **asked) == (200, {"account": {"name": account.name}})


@pytest.mark.parametrize(
    "body",
    [
        {"query": _OTHER},
        {"query": _WHO + " "},
        {"query": _OTHER, "extensions": _named("who")},
        {"extensions": _named("ab")},
        {"query": "{"},
        {"query": ""},
        {"query": get_introspection_query()},
        {"query": "{ __typename }"},
    ],
    ids=[
        "other",
        "a blank more",
        "behind a listed id",
        "unknown id",
        "no document",
        "empty",
        "schema",
        "name",
    ],
)
async def test_nothing_else_runs(http: httpx.AsyncClient, world: World, body: dict[str, Any]) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    for token in (owner.token, None):
        assert await _ask(http, token, **body) == (403, ["DOCUMENT_NOT_TRUSTED"])
    texts = {name: json.dumps(value) if name == "extensions" else value for name, value in body.items()}
    if any(texts.values()):
        by_get = await http.get("/graphql", params=texts, headers={"accept": _ACCEPT})
        assert by_get.status_code in {400, 403}
        assert "data" not in by_get.json()


async def test_a_mutation_that_is_not_listed_changes_nothing(http: httpx.AsyncClient, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    version = 1
    wanted = {"input": {"accountId": account.id, "name": "Changed", "expectedVersion": version}}
    foreign = _RENAME.replace("account { name }", "account { id }")
    assert await _ask(http, owner.token, query=foreign, variables=wanted) == (403, ["DOCUMENT_NOT_TRUSTED"])
    name = {"extensions": _named("account"), "variables": {"id": account.id}}
    assert (await _ask(http, owner.token, **name))[1] == {"account": {"name": account.name}}
    listed = {"extensions": _named("rename"), "variables": wanted}
    assert (await _ask(http, owner.token, **listed))[1] == {"accountUpdate": {"account": {"name": "Changed"}}}


async def test_the_pages_for_people_work_and_graphiql_does_not(http: httpx.AsyncClient) -> None:
    """What the server's own pages send is part of the server; what GraphiQL sends is anything."""
    own = {text for page in PAGES for text in read_operations(page).values()}
    for text in own:
        status, _ = await _ask(http, None, query=text)
        assert status == 200, text
    others = set(likely_documents()) - own
    assert len(others) > 10
    for text in others:
        assert await _ask(http, None, query=text) == (403, ["DOCUMENT_NOT_TRUSTED"])


async def test_the_manifest_of_graphql_code_generator(
    addresses: DatabaseAddresses, tmp_path: Path, world: World
) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    manifest = tmp_path / "persisted-documents.json"
    manifest.write_text(json.dumps(code_generator(Who=_WHO)), encoding="utf-8")
    async with _serving(addresses, manifest) as http:
        who = {"viewer": {"user": {"email": owner.person.email}}}
        (key,) = code_generator(Who=_WHO)
        assert await _ask(http, owner.token, extensions=_named(key)) == (200, who)
        assert await _ask(http, owner.token, query=_OTHER) == (403, ["DOCUMENT_NOT_TRUSTED"])
