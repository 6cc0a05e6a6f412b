"""T38, R23: what a share hides is hidden by every way, not only in the menu; each area there is."""

from dataclasses import dataclass
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from tests.areas.sessions.stored import give_limits
from tests.authz.cases.expectations import AS_MEMBER
from tests.authz.cases.moments import offer
from tests.authz.escalation.outcomes import DONE, mutate, outcome, selection_of
from tests.authz.escalation.reach_model import area_of
from tests.authz.matrix.matrix_callers import once
from tests.authz.matrix.matrix_fields import ACCOUNT_FIELDS
from tests.authz.rules.invitation_links import role_id
from tests.client.api import Api
from tests.world.billing import give_details, give_invoice, separate
from tests.world.budgets import give_budgets
from tests.world.contacts import contact_id, contact_list_id, give_listed_contact
from tests.world.credit import give_credit, give_payment_method, give_top_up, give_top_up_rule, transaction_of
from tests.world.ownership import give_offer as give_ownership_offer
from tests.world.reviews import give_review
from tests.world.sends import give_reservation
from tests.world.shares import Given, Share, give_share
from tests.world.world import Account, ApiKey, Member, Person, World

HIDEABLE = [area for area in Area if area is not Area.ACCOUNT]
_FIELDS = f"viewerPermissions {selection_of('Account', ACCOUNT_FIELDS)}"
_NODES = f"{{ nodes {{ {_FIELDS} }} }}"
_OF_MASTERS = {"singleSignOn"}
"""What master accounts alone have, and the hotel is none."""
WAYS = {
    "by id": f"query ($id: ID!) {{ found: account(id: $id) {{ {_FIELDS} }} }}",
    "node": f"query ($id: ID!) {{ found: node(id: $id) {{ ... on Account {{ {_FIELDS} }} }} }}",
    "search": f"query ($name: String!) {{ viewer {{ accounts(search: $name) {_NODES} }} }}",
    "share": f"{{ viewer {{ shares(first: 5) {{ nodes {{ accounts {{ {_FIELDS} }} }} }} }} }}",
}


@dataclass(frozen=True)
class Hotel:
    """An account with one of everything."""

    account: Account
    owner: Member
    key: ApiKey
    share: Share
    invitation_id: str
    top_up_id: str
    transaction_id: str
    contact_id: str
    contact_list_id: str


@pytest.fixture(scope="module")
async def hotel(registry: World) -> Hotel:
    master = await registry.account()
    await give_limits(registry, master, idle_minutes=40_000, maximum_minutes=40_000)
    account = await registry.account(master, f"Hotel {once()}")
    await registry.account(account)
    owner = await registry.member(account, BuiltinRole.OWNER)
    share = await give_share(registry, [account], await registry.person(), owner.person)
    invitation_id, _ = await offer(
        registry.database, account, BuiltinRole.ANALYST, f"{once()}@example.com", owner.person
    )
    key, top_up_id = await registry.api_key(account), await give_top_up(registry, account)
    await give_credit(registry, account, 1)
    await give_top_up_rule(registry, account, await give_payment_method(registry, account))
    await give_budgets(registry, account)
    await separate(registry, account)
    taker = await registry.member(account, BuiltinRole.ANALYST)
    await give_ownership_offer(registry, account, taker, owner.person, owner)
    await give_details(registry, account)
    await give_review(registry, account)
    listed = await give_listed_contact(registry, account)
    return Hotel(
        account,
        owner,
        key,
        share,
        invitation_id,
        top_up_id,
        await transaction_of(registry, account),
        contact_id(account, listed.key),
        contact_list_id(account, listed.list_key),
    )


async def _guest(world: World, hotel: Hotel, area: Area) -> Person:
    """An administrator of the hotel by a share that hides the area."""
    guest = await world.person()
    given = Given(BuiltinRole.ADMINISTRATOR, hidden=[area])
    await give_share(world, [hotel.account], guest, hotel.owner.person, given)
    return guest


@pytest.mark.parametrize("area", HIDEABLE)
async def test_a_hidden_area_is_gone_by_every_way(
    area: Area, api: Api, registry: World, hotel: Hotel
) -> None:
    """Its permissions, and every field that needs one: null, and FORBIDDEN with the permission."""
    guest = await _guest(registry, hotel, area)
    left = {name for name in AS_MEMBER[BuiltinRole.ADMINISTRATOR] if area_of(name) != area.value}
    hidden = {name: needed for name, (needed, _) in ACCOUNT_FIELDS.items() if area_of(needed) == area.value}
    for way, query in WAYS.items():
        answer = await api.ask(query, guest, **_variables(query, hotel.account))
        (seen,) = _accounts(answer.data)
        assert set(seen.pop("viewerPermissions")) == left, way
        assert {name for name, value in seen.items() if value is None} == set(hidden) | _OF_MASTERS, way
        refused = {error["path"][-1]: error["extensions"] for error in answer.errors}
        assert {name: told["permission"] for name, told in refused.items()} == hidden, way
        assert {told["code"] for told in refused.values()} <= {"FORBIDDEN"}, way


@pytest.mark.parametrize("area", HIDEABLE)
async def test_nothing_of_a_hidden_area_is_a_node(
    area: Area, api: Api, registry: World, hotel: Hotel
) -> None:
    """A member, a key, an invitation, another's share, a top-up, an event; who knows the id sees no more."""
    guest = await _guest(registry, hotel, area)
    events = "query ($id: ID!) { account(id: $id) { events(first: 1) { nodes { id actor { id } } } } }"
    rename = {"accountId": hotel.account.id, "expectedVersion": await _version(api, hotel)}
    assert await api.refusal("accountUpdate", hotel.owner, **rename, externalId=once()) == ""
    (event,) = (await api.read(events, hotel.owner, id=hotel.account.id))["account"]["events"]["nodes"]
    of_area = {
        hotel.owner.id: Area.MEMBERS,
        hotel.invitation_id: Area.MEMBERS,
        hotel.share.id: Area.MEMBERS,
        hotel.key.id: Area.API_KEYS,
        hotel.top_up_id: Area.CREDIT,
        hotel.transaction_id: Area.CREDIT,
        (await give_reservation(registry, hotel.account)).id: Area.CAMPAIGNS,
        (await give_invoice(registry, hotel.account)).id: Area.INVOICES,
        hotel.contact_id: Area.CONTACTS,
        hotel.contact_list_id: Area.CONTACTS,
        event["id"]: Area.AUDIT,
    }
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Event { actor { id } } } }"
    nodes = (await api.read(query, guest, ids=list(of_area)))["nodes"]
    for (id_, needed), node in zip(of_area.items(), nodes, strict=True):
        assert (node is None) == (needed is area), id_
    if area is not Area.AUDIT:
        # The log tells who did it by name alone where the members are hidden.
        assert nodes[-1]["actor"] == (None if area is Area.MEMBERS else event["actor"])


@pytest.mark.parametrize(
    "mutation",
    [
        "contactUpsert",
        "contactUpdate",
        "contactErase",
        "contactListCreate",
        "contactListUpdate",
        "contactListDelete",
        "contactAttributeCreate",
        "contactAttributeDelete",
    ],
)
async def test_contacts_are_not_changed_where_they_are_hidden(
    mutation: str, api: Api, registry: World, hotel: Hotel
) -> None:
    """Nor does the refusal's payload show one."""
    guest = await _guest(registry, hotel, Area.CONTACTS)
    contact, list_ = {"contactId": hotel.contact_id}, {"contactListId": hotel.contact_list_id}
    account = {"accountId": hotel.account.id}
    values: dict[str, dict[str, Any]] = {
        "contactUpsert": account | {"contacts": [{"email": "ada@example.com"}]},
        "contactUpdate": contact | {"expectedVersion": 1, "externalId": once()},
        "contactErase": contact,
        "contactListCreate": account | {"name": once()},
        "contactListUpdate": list_ | {"expectedVersion": 1, "name": once()},
        "contactListDelete": list_,
        "contactAttributeCreate": account | {"name": once(), "type": "TEXT"},
        "contactAttributeDelete": account | {"name": "country"},
    }
    before = await registry.state(hotel.account)
    answer = await mutate(api, mutation, guest, values[mutation])
    assert outcome(answer, mutation) == "FORBIDDEN CONTACTS_WRITE"
    assert await registry.state(hotel.account) == before


@pytest.mark.parametrize("area", [Area.SUBACCOUNTS, Area.MEMBERS, Area.API_KEYS])
async def test_nothing_is_changed_in_a_hidden_area(
    area: Area, api: Api, registry: World, hotel: Hotel
) -> None:
    guest, other = await _guest(registry, hotel, area), await _guest(registry, hotel, Area.CREDIT)
    account, analyst = hotel.account.id, role_id(BuiltinRole.ANALYST)
    name, values = {
        Area.SUBACCOUNTS: ("subaccountCreate", {"parentId": account, "name": "Spa"}),
        Area.MEMBERS: ("memberInvite", {"accountId": account, "email": "x@example.com", "roleId": analyst}),
        Area.API_KEYS: ("apiKeyCreate", {"accountId": account, "name": "Key", "roleId": analyst}),
    }[area]
    if area is not Area.API_KEYS:
        values = values | {"idempotencyKey": once()}
    before = await registry.state(hotel.account)
    refused = outcome(await mutate(api, name, guest, values), name)
    assert refused == f"FORBIDDEN {area.value}_WRITE"
    assert await registry.state(hotel.account) == before
    # What is not hidden from a guest is not his to give either, but he is told why.
    assert outcome(await mutate(api, name, other, values), name) == "REACHED_BY_SHARE"
    assert await registry.state(hotel.account) == before
    assert outcome(await mutate(api, name, hotel.owner, values), name) == DONE


def _variables(query: str, account: Account) -> dict[str, str]:
    values = {"id": account.id, "name": account.name}
    return {name: value for name, value in values.items() if f"${name}:" in query}


async def _version(api: Api, hotel: Hotel) -> int:
    query = "query ($id: ID!) { account(id: $id) { version } }"
    version: int = (await api.read(query, hotel.owner, id=hotel.account.id))["account"]["version"]
    return version


def _accounts(data: Any) -> list[dict[str, Any]]:
    """Wherever they stand in the answer."""
    if isinstance(data, list):
        return [account for item in data for account in _accounts(item)]
    if not isinstance(data, dict):
        return []
    if "viewerPermissions" in data:
        return [data]
    return [account for item in data.values() for account in _accounts(item)]
