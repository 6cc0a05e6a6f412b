"""A program on the typed client that ariadne-codegen makes. mypy checks it strictly, then it is run."""

import asyncio
import json
import sys
from contextlib import suppress
from typing import TypedDict, cast

import httpx
from mandant_client import Mandant
from mandant_client.exceptions import GraphQLClientHttpError
from mandant_client.input_types import MemberInviteInput, SignInInput
from websockets.exceptions import WebSocketException


class Task(TypedDict):
    """What the program is given."""

    url: str
    email: str
    password: str
    accountId: str
    roleId: str
    socketUrl: str


_CHANGES = 3


async def _follow(task: Task, token: str, after: str | None) -> None:
    """Tell each change once, whatever happens to the connection."""
    seen = 0
    while seen < _CHANGES:
        client = Mandant(
            ws_url=f"{task['socketUrl']}/graphql",
            ws_connection_init_payload={"authorization": f"Bearer {token}"},
        )
        with suppress(WebSocketException, OSError):
            async for answer in client.changes(account_id=task["accountId"], after=after):
                assert answer.events is not None
                for event in answer.events.nodes:
                    print(f"event {event.type_.value} {event.id}", flush=True)
                seen += len(answer.events.nodes)
                after = answer.events.page_info.end_cursor
                if seen >= _CHANGES:
                    break
        await asyncio.sleep(0.1)


async def _names(client: Mandant) -> list[str]:
    names: list[str] = []
    after: str | None = None
    while True:
        viewer = (await client.accounts(first=2, after=after)).viewer
        assert viewer is not None
        names += [account.name for account in viewer.accounts.nodes]
        if not viewer.accounts.page_info.has_next_page:
            return names
        after = viewer.accounts.page_info.end_cursor


async def _main(task: Task) -> dict[str, object]:
    address = f"{task['url']}/graphql"
    async with Mandant(address) as client:
        wrong = await client.sign_in(SignInInput(email=task["email"], password="not the password"))
        signed_in = (
            await client.sign_in(SignInInput(email=task["email"], password=task["password"]))
        ).sign_in
    assert signed_in.user is not None
    async with Mandant(address, headers={"Authorization": f"Bearer {signed_in.token}"}) as client:
        page = await client.account_page(id=task["accountId"])
        names = await _names(client)
        invitation = MemberInviteInput(
            accountId=task["accountId"],
            roleId=task["roleId"],
            email="not an address",
            idempotencyKey="1",
        )
        refused = await client.invite(invitation)
        last = (await client.last_event(id=task["accountId"])).account
    assert last is not None
    assert last.events is not None
    print("following", flush=True)
    await _follow(task, signed_in.token or "", last.events.nodes[0].cursor)
    async with Mandant(address, headers={"Authorization": "Bearer mds_of_nobody"}) as client:
        failure: object = None
        try:
            await client.account_page(id=task["accountId"])
        except GraphQLClientHttpError as error:
            response = cast("httpx.Response", error.response)
            failure = response.json()["errors"][0]["extensions"]["code"]
    assert page.account is not None
    return {
        "wrongPassword": [error.code for error in wrong.sign_in.user_errors],
        "signedIn": signed_in.user.name,
        "page": page.account.model_dump(mode="json", by_alias=True),
        "names": names,
        "refused": [
            error.model_dump(mode="json", by_alias=True) for error in refused.member_invite.user_errors
        ],
        "failure": failure,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_main(json.loads(sys.argv[1])))))
