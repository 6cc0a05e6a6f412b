"""A program on gql, which checks each document against the schema before it is sent."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from graphql import OperationDefinitionNode, print_ast
from websockets.exceptions import WebSocketException

_CHANGES = 3
_SCHEMA = Path("schema.graphql").read_text(encoding="utf-8")
_OPERATIONS = {
    each.name.value: print_ast(each)
    for each in gql(Path("operations.graphql").read_text(encoding="utf-8")).document.definitions
    if isinstance(each, OperationDefinitionNode) and each.name is not None
}


def _client(url: str, token: str | None = None) -> Client:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return Client(transport=HTTPXAsyncTransport(f"{url}/graphql", headers=headers), schema=_SCHEMA)


def _asked(name: str, **variables: object) -> GraphQLRequest:
    return GraphQLRequest(_OPERATIONS[name], variable_values=variables)


async def _signed_in(url: str, email: str, password: str) -> dict[str, Any]:
    async with _client(url) as session:
        answer = await session.execute(_asked("SignIn", input={"email": email, "password": password}))
    payload: dict[str, Any] = answer["signIn"]
    return payload


async def _follow(task: dict[str, str], token: str, after: str) -> None:
    """Tell each change once, whatever happens to the connection."""
    seen = 0
    while seen < _CHANGES:
        transport = WebsocketsTransport(
            f"{task['socketUrl']}/graphql",
            init_payload={"authorization": f"Bearer {token}"},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
        with suppress(TransportError, WebSocketException, OSError):
            async with Client(transport=transport, schema=_SCHEMA) as session:
                asked = _asked("Changes", accountId=task["accountId"], after=after)
                async for answer in session.subscribe(asked):
                    for event in answer["events"]["nodes"]:
                        print(f"event {event['type']} {event['id']}", flush=True)
                    seen += len(answer["events"]["nodes"])
                    after = answer["events"]["pageInfo"]["endCursor"]
                    if seen >= _CHANGES:
                        break
        await asyncio.sleep(0.1)


async def _names(session: Any) -> list[str]:
    names: list[str] = []
    after = None
    while True:
        page = (await session.execute(_asked("Accounts", first=2, after=after)))["viewer"]["accounts"]
        names += [node["name"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return names
        after = page["pageInfo"]["endCursor"]


async def _main(task: dict[str, str]) -> dict[str, object]:
    url = task["url"]
    wrong = await _signed_in(url, task["email"], "not the password")
    signed_in = await _signed_in(url, task["email"], task["password"])
    invitation = {
        "accountId": task["accountId"],
        "roleId": task["roleId"],
        "email": "not an address",
        "idempotencyKey": "1",
    }
    async with _client(url, signed_in["token"]) as session:
        page = await session.execute(_asked("AccountPage", id=task["accountId"]))
        names = await _names(session)
        refused = await session.execute(_asked("Invite", input=invitation))
        last = await session.execute(_asked("LastEvent", id=task["accountId"]))
    print("following", flush=True)
    await _follow(task, signed_in["token"], last["account"]["events"]["nodes"][0]["cursor"])
    failure = None
    async with _client(url, "mds_of_nobody") as session:
        try:
            await session.execute(_asked("AccountPage", id=task["accountId"]))
        except TransportQueryError as error:
            failure = (error.errors or [])[0]["extensions"]["code"]
    return {
        "wrongPassword": [error["code"] for error in wrong["userErrors"]],
        "signedIn": signed_in["user"]["name"],
        "page": page["account"],
        "names": names,
        "refused": refused["memberInvite"]["userErrors"],
        "failure": failure,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_main(json.loads(sys.argv[1])))))
