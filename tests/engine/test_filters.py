"""What lists are narrowed by and what they count: neither tells of what the viewer may not read (T31)."""

import datetime
from collections.abc import Mapping
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, done
from tests.engine.paths import Path
from tests.world.world import Account, World

pytestmark = pytest.mark.parametrize("path", Path)


def _yesterday() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)


class Lists:
    """One caller's lists, by one executor."""

    def __init__(self, api: Api, caller: Caller, path: Path) -> None:
        self.api = api
        self.caller = caller
        self.path = path

    async def accounts(self, arguments: str, **variables: Any) -> list[str]:
        """The names of the accounts in the viewer's list, after checking that they are counted right."""
        types = {"search": "String!"}
        return await self._names("viewer", "accounts", arguments, types, variables)

    async def below(self, account: Account, arguments: str) -> list[str]:
        """The same of the accounts below one."""
        variables = {"id": account.id}
        return await self._names("account(id: $id)", "subaccounts", arguments, {"id": "ID!"}, variables)

    async def _names(
        self, parent: str, field: str, arguments: str, types: Mapping[str, str], variables: dict[str, Any]
    ) -> list[str]:
        declared = ", ".join(f"${name}: {types[name]}" for name in variables)
        head = f"query ({declared})" if declared else "query"
        query = f"{head} {{ found: {parent} {{ {field}({arguments}) {{ totalCount nodes {{ name }} }} }} }}"
        data = await self.api.read(self.path.of(query), self.caller, **variables)
        listed = data["found"][field]
        assert listed["totalCount"] == len(listed["nodes"])
        return [node["name"] for node in listed["nodes"]]


async def test_accounts_are_found_by_a_part_of_their_name_or_by_their_whole_external_id(
    api: Api, world: World, path: Path
) -> None:
    master = await world.account(name="Agency 100%")
    owner = await world.member(master, BuiltinRole.OWNER)
    await world.account(master, "Bäckerei_Süd")
    made = {"parentId": master.id, "name": "Shop", "externalId": "CRM-100%"}
    await done(api, "subaccountCreate", owner, **made, idempotencyKey="1")
    lists = Lists(api, owner, path)
    cases = {
        "agency": ["Agency 100%"],
        "BÄCKEREI": ["Bäckerei_Süd"],
        "100%": ["Agency 100%"],
        "%": ["Agency 100%"],
        "_": ["Bäckerei_Süd"],
        "CRM-100%": [],
        "\\": [],
        "' OR true --": [],
        "": ["Agency 100%", "Bäckerei_Süd", "Shop"],
    }
    for search, names in cases.items():
        assert await lists.accounts("search: $search", search=search) == names, search
    for external_id, names in {"CRM-100%": ["Shop"], "crm-100%": [], "CRM": []}.items():
        assert await lists.accounts("externalId: $search", search=external_id) == names, external_id


async def test_accounts_are_found_by_kind_and_by_the_status_of_their_path(
    api: Api, world: World, path: Path
) -> None:
    master = await world.account(name="master")
    owner = await world.member(master, BuiltinRole.OWNER)
    stopped = await world.account(master, "stopped")
    await world.account(stopped, "below")
    closed = await world.account(master, "closed")
    await world.account(master, "open")
    await world.set_status(stopped, AccountStatus.SUSPENDED)
    await world.set_status(closed, AccountStatus.CLOSED)
    lists = Lists(api, owner, path)
    assert await lists.accounts("kind: MASTER") == ["master"]
    assert await lists.accounts("kind: SUBACCOUNT") == ["stopped", "below", "closed", "open"]
    assert await lists.accounts("status: ACTIVE") == ["master", "open"]
    assert await lists.accounts("status: SUSPENDED") == ["stopped", "below"]
    assert await lists.accounts("status: CLOSED") == ["closed"]
    assert await lists.accounts("kind: MASTER, status: SUSPENDED") == []
    assert await lists.below(master, 'status: SUSPENDED, search: "stop"') == ["stopped"]
    assert await lists.below(master, "includeDescendants: true, status: SUSPENDED") == ["stopped", "below"]


async def test_a_null_filter_is_no_filter(api: Api, world: World, path: Path) -> None:
    master = await world.account(name="master")
    owner = await world.member(master, BuiltinRole.OWNER)
    lists = Lists(api, owner, path)
    assert await lists.accounts("search: null, kind: null, status: null, first: null") == ["master"]


async def test_only_what_the_viewer_may_read_is_found_and_counted(api: Api, world: World, path: Path) -> None:
    """T31: neither count nor search nor order tells of the sibling, the parent or the other tree."""
    master = await world.account(name="secret master")
    mine = await world.account(master, "secret mine")
    await world.account(mine, "secret below")
    await world.account(master, "secret sibling")
    await world.account(name="secret stranger")
    admin = await world.member(mine, BuiltinRole.ADMINISTRATOR)
    lists = Lists(api, admin, path)
    assert await lists.accounts('search: "secret"') == ["secret mine", "secret below"]
    assert await lists.accounts("kind: MASTER") == []
    assert await lists.accounts("orderBy: NAME") == ["secret below", "secret mine"]


async def test_members_are_found_by_role_and_an_ended_one_is_not_counted(
    api: Api, world: World, path: Path
) -> None:
    """T9: one definition of an active membership, for lists and for counts."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    analyst = await world.member(account, BuiltinRole.ANALYST)
    ended = await world.member(account, BuiltinRole.ANALYST, expires_at=_yesterday())
    query = (
        "query ($id: ID!, $role: ID) { account(id: $id) { members(roleId: $role) "
        "{ totalCount nodes { id } } } }"
    )
    expected: dict[str | None, list[str]] = {
        None: [owner.id, analyst.id],
        ROLE_IDS[BuiltinRole.ANALYST]: [analyst.id],
        ROLE_IDS[BuiltinRole.FINANCE]: [],
        "nonsense": [],
        ended.id: [],
    }
    for role, ids in expected.items():
        found = await api.read(path.of(query), owner, id=account.id, role=role)
        members = found["account"]["members"]
        assert [node["id"] for node in members["nodes"]] == ids
        assert members["totalCount"] == len(ids)
