"""A program on the typed client that ariadne-codegen makes. mypy checks it strictly, then it is run."""

import asyncio
import json
import sys
from typing import TypedDict, cast

import httpx
from mandant_client import Mandant
from mandant_client.exceptions import GraphQLClientHttpError
from mandant_client.input_types import MemberInviteInput, SignInInput


class Task(TypedDict):
    """What the program is given."""

    url: str
    email: str
    password: str
    accountId: str
    roleId: str


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
    sys.stdout.write(json.dumps(asyncio.run(_main(json.loads(sys.argv[1])))))
