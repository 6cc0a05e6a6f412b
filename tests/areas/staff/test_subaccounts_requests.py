"""Subaccounts that platform support unlocks (R11, R87), where the platform does not leave them to its
customers (R48)."""

from collections.abc import AsyncIterator

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.staff.overrides import OverrideKind
from resolvers.staff.request_subaccounts import SubaccountSetUp
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.effects.log import last_event
from tests.areas.staff.staff_at_work import wanted
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of, done
from tests.world.staff import expire_override, set_override, staff_member
from tests.world.world import Account, Member, World

REQUEST = "request { id reason status declineReason answeredAt account { id } }"
REQUESTS = """query ($id: ID!) { account(id: $id) { subaccountsRequests { nodes {
  id status declineReason } } } }"""


@pytest.fixture(scope="module")
async def on_request(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Api]:
    """The application where support unlocks subaccounts."""
    changed = settings.model_copy(update={"subaccounts": SubaccountSetUp.ON_REQUEST})
    app = create_app(changed, addresses.application)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        yield api


@pytest.fixture
async def master(world: World) -> Account:
    """A master account."""
    return await world.account()


@pytest.fixture
async def owner(world: World, master: Account) -> Member:
    """Its owner."""
    return await world.member(master, BuiltinRole.OWNER)


async def _create(api: Api, caller: Caller, parent: Account, key: str) -> str:
    return await code_of(
        api, "subaccountCreate", caller, parentId=parent.id, name="Branch", idempotencyKey=key
    )


async def _statuses(api: Api, caller: Caller, account: Account) -> list[tuple[str, str | None]]:
    found = (await api.read(REQUESTS, caller, id=account.id))["account"]["subaccountsRequests"]["nodes"]
    return [(node["status"], node["declineReason"]) for node in found]


async def test_without_the_setting_subaccounts_are_self_service(
    api: Api, world: World, master: Account, owner: Member
) -> None:
    """R48: nothing is to be asked for."""
    assert await _create(api, owner, master, "1") == ""
    before = await world.state(master)
    asked = await attempt(api, "subaccountsRequest", owner, accountId=master.id, reason="Branches.")
    assert asked.code == "FAILED_PRECONDITION"
    assert await world.state(master) == before


async def test_support_is_asked_and_unlocks_the_tree(
    on_request: Api, world: World, master: Account, owner: Member
) -> None:
    """R11: refused with a word on how to ask, asked, granted, made; at every depth, while it holds."""
    agent = await staff_member(world)
    before = await world.state(master)
    refused = await attempt(
        on_request, "subaccountCreate", owner, parentId=master.id, name="Branch", idempotencyKey="1"
    )
    assert refused.code == "FAILED_PRECONDITION"
    assert refused.user_error is not None
    assert "subaccountsRequest" in refused.user_error["message"]
    assert await world.state(master) == before
    values = {"accountId": master.id, "reason": "One for each branch."}
    asked = (await done(on_request, "subaccountsRequest", owner, REQUEST, **values))["request"]
    assert (asked["status"], asked["account"]["id"]) == ("OPEN", master.id)
    event = await last_event(on_request, owner, master.id)
    assert (event["type"], event["subjectId"]) == ("SUBACCOUNTS_REQUESTED", asked["id"])
    assert event["actor"]["id"] == owner.person.id
    before = await world.state(master)
    assert await code_of(on_request, "subaccountsRequest", owner, **values) == "CONFLICT"
    assert await _create(on_request, owner, master, "1") == "FAILED_PRECONDITION"
    assert await world.state(master) == before
    granted = await done(
        on_request, "overrideCreate", agent, "override { id }", **wanted(master, "SUBACCOUNTS")
    )
    assert await _statuses(on_request, owner, master) == [("GRANTED", None)]
    assert await _create(on_request, owner, master, "1") == ""
    below = await world.account(master)
    assert await _create(on_request, owner, below, "2") == ""
    before = await world.state(master)
    assert await code_of(on_request, "subaccountsRequest", owner, **values) == "FAILED_PRECONDITION"
    assert await world.state(master) == before
    end = {"accountId": master.id, "overrideId": granted["override"]["id"], "reason": "Unpaid."}
    await done(on_request, "overrideEnd", agent, **end)
    before = await world.state(master)
    assert await _create(on_request, owner, below, "3") == "FAILED_PRECONDITION"
    assert await world.state(master) == before
    assert await _create(on_request, owner, below, "2") == ""
    assert await code_of(on_request, "subaccountsRequest", owner, **values) == ""


async def test_what_has_expired_unlocks_nothing(
    on_request: Api, world: World, master: Account, owner: Member
) -> None:
    override = await set_override(world, master, OverrideKind.SUBACCOUNTS, await staff_member(world))
    assert await _create(on_request, owner, master, "1") == ""
    await expire_override(world, override)
    before = await world.state(master)
    assert await _create(on_request, owner, master, "2") == "FAILED_PRECONDITION"
    assert await world.state(master) == before


async def test_support_declines_with_a_reason(
    on_request: Api, world: World, master: Account, owner: Member
) -> None:
    """The account reads why; then it may ask again."""
    agent = await staff_member(world)
    values = {"accountId": master.id, "reason": "Branches."}
    decline = {"accountId": master.id, "reason": "Pay the open invoice first."}
    before = await world.state(master)
    assert await code_of(on_request, "subaccountsRequestDecline", agent, **decline) == "FAILED_PRECONDITION"
    assert await world.state(master) == before
    await done(on_request, "subaccountsRequest", owner, **values)
    before = await world.state(master)
    empty = decline | {"reason": ""}
    assert await code_of(on_request, "subaccountsRequestDecline", agent, **empty) == "BAD_USER_INPUT"
    assert await code_of(on_request, "subaccountsRequestDecline", owner, **decline) == "NOT_FOUND"
    assert await world.state(master) == before
    declined = await done(on_request, "subaccountsRequestDecline", agent, "account { id name }", **decline)
    assert declined["account"] == {"id": master.id, "name": master.name}
    assert await _statuses(on_request, owner, master) == [("DECLINED", decline["reason"])]
    event = await last_event(on_request, owner, master.id)
    assert (event["type"], event["actorName"]) == ("SUBACCOUNTS_DECLINED", "Platform support")
    assert event["after"] == {"reason": decline["reason"]}
    assert await code_of(on_request, "subaccountsRequest", owner, **values) == ""


async def test_a_request_is_taken_back(on_request: Api, world: World, master: Account, owner: Member) -> None:
    """By itself and nothing else; support sees it no more, and one may ask again."""
    agent = await staff_member(world)
    values, place = {"accountId": master.id, "reason": "Branches."}, {"accountId": master.id}
    before = await world.state(master)
    assert await code_of(on_request, "subaccountsRequestWithdraw", owner, **place) == "FAILED_PRECONDITION"
    assert await world.state(master) == before
    await done(on_request, "subaccountsRequest", owner, **values)
    await world.set_status(master, AccountStatus.SUSPENDED)
    shown = "request { status answeredAt }"
    made = await done(on_request, "subaccountsRequestWithdraw", owner, shown, **place)
    await world.set_status(master, AccountStatus.ACTIVE)
    assert made["request"] == {"status": "WITHDRAWN", "answeredAt": None}
    assert (await last_event(on_request, owner, master.id))["type"] == "SUBACCOUNTS_WITHDRAWN"
    before = await world.state(master)
    assert await code_of(on_request, "subaccountsRequestWithdraw", owner, **place) == "FAILED_PRECONDITION"
    assert await code_of(on_request, "subaccountsRequestDecline", agent, **values) == "FAILED_PRECONDITION"
    assert await world.state(master) == before
    query = "{ staff { requests(last: 100) { nodes { accountId } } } }"
    waiting = (await on_request.read(query, agent))["staff"]["requests"]["nodes"]
    assert master.id not in [node["accountId"] for node in waiting]
    await done(on_request, "overrideCreate", agent, **wanted(master, "SUBACCOUNTS"))
    assert await _statuses(on_request, owner, master) == [("WITHDRAWN", None)]


async def test_who_asks_manages_the_master_account(
    on_request: Api, world: World, master: Account, owner: Member
) -> None:
    branch = await world.account(master)
    finance = await world.member(master, BuiltinRole.FINANCE)
    before = await world.state(master)
    of_branch = await attempt(
        on_request, "subaccountsRequest", owner, accountId=branch.id, reason="Branches."
    )
    assert of_branch.code == "BAD_USER_INPUT"
    values = {"accountId": master.id, "reason": "Branches."}
    assert await code_of(on_request, "subaccountsRequest", finance, **values) == "FORBIDDEN"
    assert await code_of(on_request, "subaccountsRequest", owner, **values | {"reason": ""}) == (
        "BAD_USER_INPUT"
    )
    assert await world.state(master) == before
    assert await code_of(on_request, "subaccountsRequest", owner, **values) == ""
