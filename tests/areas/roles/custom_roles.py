"""Making custom roles through the API, and looking for them."""

from typing import Any

from models.base.ids import Kind, parse
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.world import Account, CustomRole, Member

ROLE = (
    "role { id name description builtIn version account { id } permissions permissionsBelow "
    "permissionsInherited policyLines { relation area action effect } }"
)


async def listed(api: Api, caller: Caller, account: Account) -> list[str]:
    """The ids of the custom roles that can be given in the account, by their names."""
    query = "query ($id: ID!) { account(id: $id) { roles { nodes { id builtIn } } } }"
    nodes = (await api.read(query, caller, id=account.id))["account"]["roles"]["nodes"]
    return [node["id"] for node in nodes if not node["builtIn"]]


async def made_role(api: Api, owner: Member, **values: Any) -> dict[str, Any]:
    """A role of the owner's account; `values` in the place of the usual ones."""
    new = {"accountId": owner.account.id, "name": "Editor", "permissions": ["CONTACTS_READ"]}
    made: dict[str, Any] = (await done(api, "roleCreate", owner, ROLE, **(new | values)))["role"]
    return made


def as_made(role: dict[str, Any]) -> CustomRole:
    """The role of an answer, to be given straight in the database."""
    key = parse(Kind.ROLE, role["id"])
    assert key is not None
    return CustomRole(key, role["name"])
