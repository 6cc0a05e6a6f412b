"""The official audit of GraphQL over HTTP, `serverAudits` of the npm package graphql-http, against the server
as it is deployed: without a failure or a warning of any level, by both executors."""

import socket
from collections.abc import Iterator

import httpx
import pytest

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from tests.browser.server import run_server
from tests.client_libraries.node import run_in_node
from tests.client_libraries.programs import needs_npm
from tests.world.world import World


@pytest.fixture(scope="module")
def url(addresses: DatabaseAddresses) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    running = run_server(port, addresses.application, debug=True)
    yield f"{running.url}/graphql"
    running.stop()


@needs_npm
@pytest.mark.parametrize("executor", ["compiled", "reference"])
async def test_the_official_audit_finds_nothing(url: str, world: World, executor: str) -> None:
    token = []
    if executor == "compiled":
        token = [(await world.member(await world.account(), BuiltinRole.OWNER)).token]
    headers = {"authorization": f"Bearer {token[0]}"} if token else {}
    async with httpx.AsyncClient() as http:
        asked = await http.post(url, json={"query": "{ __typename }"}, headers=headers)
    assert asked.json()["extensions"]["executor"] == executor

    results = await run_in_node("audit.mjs", url, *token)
    assert len(results) > 60
    assert [result for result in results if result["status"] != "ok"] == []
