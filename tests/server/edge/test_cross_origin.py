"""Pages of other origins: what they are told of who may call, on every answer of the API and on no other."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from structlog.testing import capture_logs

from authz.callers.tokens import TokenKind, generate
from server.embedded_postgres import DatabaseAddresses
from server.http.request import BODY_LIMIT
from server.settings.settings import Settings
from server.start.app import create_app

_OURS = "https://app.example.com"
_NOT_OURS = (
    "https://app.example.com.evil.test",
    "https://xapp.example.com",
    "http://app.example.com",
    "https://app.example.com:444",
    "HTTPS://APP.EXAMPLE.COM",
    "null",
    "",
)
_API = ("/graphql", "/recipients", "/invoices/invc_1.pdf")
_OTHER = ("/healthz", "/readyz", "/metrics", "/invitation", "/nowhere", "/graphql/", "/recipients/x")
EXPOSED = {
    "x-request-id",
    "retry-after",
    "ratelimit",
    "ratelimit-policy",
    "www-authenticate",
    "content-disposition",
}

Clients = Callable[[str | None], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def client(addresses: DatabaseAddresses) -> Clients:
    """A client of an application with these origins allowed."""

    @asynccontextmanager
    async def opened(origins: str | None) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(Settings(allowed_origins=origins, smtp_url=None), addresses.application)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as found,
        ):
            yield found

    return opened


def _preflight(origin: str) -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-authz-min-revision,x-other",
    }


def _vary(response: httpx.Response) -> set[str]:
    names = [name.strip().lower() for name in response.headers.get("vary", "").split(",") if name]
    assert len(names) == len(set(names)), names
    return set(names)


def _cors(response: httpx.Response) -> set[str]:
    return {name for name in response.headers if name.startswith("access-control-")}


async def test_a_preflight(client: Clients) -> None:
    async with client(f"{_OURS},http://localhost:3000") as http:
        for path in _API:
            allowed = await http.options(path, headers=_preflight(_OURS))
            assert (allowed.status_code, allowed.content) == (204, b"")
            assert allowed.headers["access-control-allow-origin"] == _OURS
            assert {"GET", "POST"} <= set(allowed.headers["access-control-allow-methods"].split(", "))
            names = set(allowed.headers["access-control-allow-headers"].lower().split(", "))
            assert {"authorization", "content-type", "x-request-id", "x-authz-min-revision", "*"} == names
            assert "access-control-allow-credentials" not in allowed.headers
            assert "origin" in _vary(allowed)
            for origin in _NOT_OURS:
                with capture_logs() as logs:
                    refused = await http.options(path, headers=_preflight(origin))
                assert (refused.status_code, _cors(refused)) == (403, set()), origin
                assert "origin" in _vary(refused)
                assert refused.json()["errors"][0]["extensions"]["code"] == "ORIGIN_NOT_ALLOWED"
                assert logs[-1]["codes"] == {"ORIGIN_NOT_ALLOWED": 1}


async def _answers(http: httpx.AsyncClient, origin: str) -> AsyncIterator[tuple[int, httpx.Response]]:
    """An answer of each status that the API gives, in all of its ways."""
    json, headers = {"content-type": "application/json"}, {"origin": origin}
    yield 200, await http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    yield 200, await http.get("/graphql?query={__typename}", headers=headers)
    yield 400, await http.post("/graphql", content=b"{", headers=headers | json)
    yield 400, await http.post("/graphql", json={}, headers=headers | {"host": "evil.test"})
    stale = headers | {"authorization": "Bearer x"}
    yield 401, await http.post("/graphql", json={"query": "{ viewer { id } }"}, headers=stale)
    yield 405, await http.request("PATCH", "/graphql", headers=headers)
    yield 406, await http.post("/graphql", headers=headers | {"accept": "text/csv"})
    yield 413, await http.post("/graphql", content=b" " * (BODY_LIMIT + 1), headers=headers | json)
    yield 415, await http.post("/graphql", content=b"", headers=headers)
    yield 401, await http.post("/recipients?accountId=x", headers=headers | {"content-type": "text/csv"})
    yield 415, await http.post("/recipients", headers=headers)
    yield 401, await http.get("/invoices/invc_1.pdf", headers=headers)
    yield 404, await http.get("/invoices/", headers=headers)
    yield 405, await http.post("/invoices/invc_1.pdf", headers=headers)


@pytest.mark.parametrize(
    ("allowed", "origin", "told", "varies"),
    [
        (f"http://localhost:3000,{_OURS}", _OURS, _OURS, True),
        (_OURS, "https://evil.test", None, True),
        (_OURS, "", None, True),
        ("*", "https://evil.test", "*", False),
        ("*", "null", "*", False),
        (None, _OURS, None, False),
    ],
)
async def test_each_answer_says_whose_pages_may_read_it(
    client: Clients, allowed: str | None, origin: str, told: str | None, varies: bool
) -> None:
    async with client(allowed) as http:
        async for status, response in _answers(http, origin):
            assert response.status_code == status, response.text
            assert response.headers.get("access-control-allow-origin") == told
            assert "access-control-allow-credentials" not in response.headers
            assert ("origin" in _vary(response)) == varies
            assert "x-request-id" in response.headers
            exposed = response.headers.get("access-control-expose-headers", "").lower()
            assert set(exposed.split(", ")) == (EXPOSED if told else {""})


async def test_also_where_the_database_is_away() -> None:
    app = create_app(Settings(allowed_origins=_OURS), "postgresql://nobody@127.0.0.1:1/nothing")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        body = {"query": "{ viewer { id } }"}
        headers = {"origin": _OURS, "authorization": f"Bearer {generate(TokenKind.SESSION)}"}
        with capture_logs():
            response = await http.post("/graphql", json=body, headers=headers)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (503, _OURS)


async def test_what_a_cache_already_varies_by_stays(client: Clients) -> None:
    async with client(_OURS) as http:
        response = await http.post("/graphql", json={"query": "{ __typename }"}, headers={"origin": _OURS})
        assert _vary(response) == {"accept", "origin"}
        page = await http.get("/graphql", headers={"origin": _OURS, "accept": "text/html"})
        assert page.text.startswith("<!doctype html>")
        assert _vary(page) == {"accept", "origin"}


async def test_no_origin_may_call_unless_it_is_named(client: Clients) -> None:
    async with client(None) as http:
        refused = await http.options("/graphql", headers=_preflight(_OURS))
        assert (refused.status_code, _cors(refused)) == (403, set())
        assert "MANDANT_ALLOWED_ORIGINS" in refused.json()["errors"][0]["message"]
        plain = await http.options("/graphql")
        assert (plain.status_code, plain.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("path", _OTHER)
async def test_what_is_no_part_of_the_api(client: Clients, path: str) -> None:
    async with client("*") as http:
        for response in (
            await http.get(path, headers={"origin": _OURS}),
            await http.options(path, headers=_preflight(_OURS)),
        ):
            assert _cors(response) == set()
