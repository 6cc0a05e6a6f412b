"""A tree in which an account has promised, and who is at work there."""

from dataclasses import dataclass
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, done
from tests.world.world import Account, Member, World

ADMINISTRATOR = ROLE_IDS[BuiltinRole.ADMINISTRATOR]
FINANCE = ROLE_IDS[BuiltinRole.FINANCE]
ALLOWED = [ROLE_IDS[role] for role in (BuiltinRole.OWNER, BuiltinRole.FINANCE)]


@dataclass(frozen=True)
class Scene:
    """A tree of three accounts; the one in the middle has promised. `chief` owns the master account."""

    api: Api
    world: World
    master: Account
    account: Account
    below: Account
    chief: Member
    owner: Member
    analyst: Member

    async def promise(self) -> str:
        """Make it."""
        wanted = {"accountId": self.account.id, "permission": "INVOICES_READ", "roleIds": ALLOWED}
        made = await done(self.api, "accessPromiseCreate", self.owner, "accessPromise { id }", **wanted)
        return str(made["accessPromise"]["id"])

    async def with_reason(self, name: str, caller: Caller, **values: Any) -> str:
        """The code of a mutation that is sent with a reason; empty if it was done."""
        given = await self.api.with_version(name, caller, values)
        query = f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{
          {name}(input: $input) {{ userErrors {{ code }} }} }}"""
        body = {"query": query, "variables": {"input": given}, "extensions": {"reason": "The yearly audit"}}
        headers = {"Authorization": f"Bearer {caller.token}"}
        answer = (await self.api.http.post("/graphql", json=body, headers=headers)).json()
        errors = answer["data"][name]["userErrors"]
        return str(errors[0]["code"]) if errors else ""
