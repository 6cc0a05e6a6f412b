"""Platform staff (R88): what they see, and that being staff gives no reach into any tree (T36)."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.base.ids import Kind, new_id, present
from models.staff.overrides import OverrideKind
from models.staff.tables import StaffRole
from tests.areas.staff.staff_at_work import wanted
from tests.client.api import Api, Caller
from tests.client.mutations import code_of
from tests.engine.paths import Path
from tests.world.brand import Brand
from tests.world.staff import ask_for_subaccounts, dismiss, set_override, staff_member
from tests.world.world import World

ACCOUNT = "query ($id: ID!) { account(id: $id) { id name } }"
NODE = "query ($id: ID!) { node(id: $id) { id } }"
STAFF_ACCOUNT = """query ($id: ID!) { staff { account(id: $id) {
  id name status overrides { totalCount nodes { id kind status madeByName approvedByName accountName } }
} } }"""
WAITING = """{ staff { role
  requests(first: 100) { nodes { id accountId accountName reason } }
  waiting(first: 100) { nodes { id accountId accountName kind madeByName } }
} }"""


async def _seen(api: Api, caller: Caller, query: str, **variables: Any) -> Any:
    return (await api.read(query, caller, **variables))["staff"]


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("role", StaffRole)
async def test_staff_reach_no_account_by_being_staff(
    api: Api, world: World, brand: Brand, role: StaffRole, path: Path
) -> None:
    """No god role: by id, by node, in lists and by writes as a stranger; the own account as everybody."""
    person, stranger = await staff_member(world, role), await world.person()
    own = await world.account()
    await world.member(own, BuiltinRole.OWNER, person)
    override = await set_override(world, brand.us, OverrideKind.SENDING_DOMAINS, person)
    lists = path.of("{ viewer { accounts(first: 100) { totalCount nodes { id } } shares { totalCount } } }")
    accounts = {"totalCount": 1, "nodes": [{"id": own.id}]}
    viewer = (await api.read(lists, person))["viewer"]
    assert viewer == {"accounts": accounts, "shares": {"totalCount": 0}}
    for account in (brand.master, brand.us):
        by_id = await api.ask(path.of(ACCOUNT), person, id=account.id)
        assert by_id.codes == ["NOT_FOUND"]
        assert by_id.data["account"] is None
    member, key = await world.member(brand.us, BuiltinRole.ANALYST), await world.api_key(brand.us)
    for id_ in (brand.master.id, override.id, member.id, key.id):
        assert (await api.read(path.of(NODE), person, id=id_))["node"] is None
    assert (await api.read(path.of(NODE), person, id=own.id))["node"] == {"id": own.id}
    before = await world.state(brand.master)
    for caller in (person, stranger):
        assert await code_of(api, "accountSuspend", caller, accountId=brand.us.id) == "NOT_FOUND"
        wanted_role = {"accountId": brand.us.id, "name": "R", "permissions": ["ACCOUNT_READ"]}
        assert await code_of(api, "roleCreate", caller, **wanted_role) == "NOT_FOUND"
    assert await world.state(brand.master) == before


@pytest.mark.parametrize("path", Path)
async def test_staff_see_an_account_by_its_id_and_what_waits_for_them(
    api: Api, world: World, brand: Brand, path: Path
) -> None:
    """Both roles alike; nobody else, also whoever owns the account."""
    asker, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    waiting = await set_override(world, brand.us, OverrideKind.REVIEW_APPROVED, asker)
    held = await set_override(world, brand.us, OverrideKind.UNSUBSCRIBE_SCOPE, asker, approver=approver)
    request_id = await ask_for_subaccounts(world, brand.master)
    await ask_for_subaccounts(world, await world.account(), declined_by=asker)
    await world.set_status(brand.master, AccountStatus.SUSPENDED)
    for person, role in ((asker, "AGENT"), (approver, "APPROVER")):
        account = (await _seen(api, person, path.of(STAFF_ACCOUNT), id=brand.us.id))["account"]
        assert (account["id"], account["name"], account["status"]) == (
            brand.us.id,
            brand.us.name,
            "SUSPENDED",
        )
        assert account["overrides"]["totalCount"] == 2
        first, second = account["overrides"]["nodes"]
        assert (first["id"], first["madeByName"], first["approvedByName"]) == (
            held.id,
            asker.name,
            approver.name,
        )
        assert (second["id"], second["status"]) == (waiting.id, "WAITING")
        seen = await _seen(api, person, path.of(WAITING))
        assert seen["role"] == role
        of_brand = [node for node in seen["requests"]["nodes"] if node["accountId"] == brand.master.id]
        name = brand.master.name
        assert of_brand == [
            {"id": request_id, "accountId": brand.master.id, "accountName": name, "reason": "Branches."}
        ]
        (shown,) = [node for node in seen["waiting"]["nodes"] if node["accountId"] == brand.us.id]
        assert (shown["id"], shown["kind"]) == (waiting.id, "REVIEW_APPROVED")
    for caller in (brand.owner, await world.api_key(brand.master)):
        assert await _seen(api, caller, path.of(STAFF_ACCOUNT), id=brand.us.id) is None
        assert await _seen(api, caller, path.of(WAITING)) is None


@pytest.mark.parametrize("path", Path)
async def test_an_account_that_is_not_there_is_not_found(api: Api, world: World, path: Path) -> None:
    agent = await staff_member(world)
    for id_ in (present(Kind.ACCOUNT, new_id()), "nonsense"):
        answer = await api.ask(path.of(STAFF_ACCOUNT), agent, id=id_)
        assert answer.codes == ["NOT_FOUND"]
        assert answer.data["staff"] == {"account": None}


async def test_who_is_dismissed_is_nobody_with_the_next_request(api: Api, world: World, brand: Brand) -> None:
    """T8: for reads and for writes, with the same session."""
    person = await staff_member(world, StaffRole.APPROVER)
    values = wanted(brand.us, "SENDING_DOMAINS", sendingDomains=2)
    assert await code_of(api, "overrideCreate", person, **values) == ""
    await dismiss(world, person)
    before = await world.state(brand.master)
    assert await _seen(api, person, STAFF_ACCOUNT, id=brand.us.id) is None
    assert await code_of(api, "overrideCreate", person, **values) == "NOT_FOUND"
    assert await world.state(brand.master) == before


async def test_of_the_staff_the_account_sees_nothing_but_what_they_did(
    api: Api, world: World, brand: Brand
) -> None:
    """SETTINGS_READ shows what is overridden, and its absence hides it."""
    agent = await staff_member(world)
    override = await set_override(world, brand.us, OverrideKind.SENDING_DOMAINS, agent)
    marketer = await world.member(brand.us, BuiltinRole.MARKETER)
    query = "query ($id: ID!) { node(id: $id) { ... on Override { reason account { name } } } }"
    found = await api.read(query, brand.owner, id=override.id)
    assert found == {"node": {"reason": "Because of SENDING_DOMAINS", "account": {"name": brand.us.name}}}
    assert await api.read(query, marketer, id=override.id) == {"node": None}
    of_staff = "query ($id: ID!) { node(id: $id) { ... on User { email } } }"
    assert await api.read(of_staff, brand.owner, id=agent.id) == {"node": None}
