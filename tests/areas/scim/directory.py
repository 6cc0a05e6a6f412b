"""A company's directory, as it talks to us."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, done
from tests.world.domains import Domain
from tests.world.world import Account, ApiKey, Member, World

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True)
class Directory:
    """Of one master account."""

    api: Api
    world: World
    account: Account
    owner: Member
    key: ApiKey
    domain: Domain

    async def send(
        self, method: str, path: str, body: Any = None, token: str | None = None
    ) -> httpx.Response:
        """A request, with its key."""
        headers = {
            "authorization": f"Bearer {token or self.key.token}",
            "content-type": "application/scim+json",
        }
        return await self.api.http.request(method, f"/scim/v2/{path}", json=body, headers=headers)

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        """What it answers; it must succeed."""
        answer = await self.send(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def address(self, local: str) -> str:
        """An address of the company."""
        return f"{local}-{self.account.key.hex[-6:]}@{self.domain.name}"

    async def user(self, local: str, **more: Any) -> str:
        """A new person. Returns its id."""
        body = {"userName": self.address(local), "active": True, "displayName": local.title(), **more}
        return str((await self.done("POST", "Users", body))["id"])

    async def group(self, name: str, *members: str) -> str:
        """A new group. Returns its id."""
        body = {"displayName": name, "members": [{"value": each} for each in members]}
        return str((await self.done("POST", "Groups", body))["id"])

    async def patch(self, path: str, *operations: Any) -> Any:
        """A PATCH that must succeed."""
        return await self.done("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    async def members(self, group: str) -> set[str]:
        """Who is in the group."""
        found = await self.done("GET", f"Groups/{group}")
        return {each["value"] for each in found["members"]}

    async def map(self, group: str, account: Account, role: Any) -> None:
        """The group gives the role there."""
        values = {"groupId": f"scgr_{group}", "accountId": account.id, "roleId": role and ROLE_IDS[role]}
        await done(self.api, "scimGroupRoleSet", self.owner, **values)

    async def roles(self, account: Account) -> dict[str, str]:
        """The roles of the account's members, by their names."""
        query = "query ($id: ID!) { account(id: $id) { members { nodes { user { name } role { name } } } } }"
        found = await self.api.read(query, self.owner, id=account.id)
        nodes = found["account"]["members"]["nodes"]
        return {each["user"]["name"]: each["role"]["name"] for each in nodes}
