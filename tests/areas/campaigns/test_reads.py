"""Who sees campaigns, and what they would cost."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.campaigns.tables import CampaignStatus
from tests.areas.campaigns.conftest import Desk
from tests.client.api import Caller
from tests.engine.paths import Path
from tests.world.block_list import give_entries
from tests.world.campaigns import campaign_id, give_campaign
from tests.world.messages import mail, send

_LIST = """
query ($id: ID!, $status: CampaignStatus, $label: String, $below: Boolean, $first: Int, $after: String) {
  account(id: $id) { campaigns(status: $status, label: $label, includeDescendants: $below, first: $first,
    after: $after) { totalCount nodes { id name account { id } } pageInfo { hasNextPage endCursor } } } }"""
_MESSAGES = """query ($id: ID!) {
  account(id: $id) { marketingMessages { nodes { recipient campaignId } } } }"""
_PREVIEW = """query ($id: ID!) { campaignPreview(campaignId: $id) { recipients blocked newContacts
  activeContacts price warnings leftOut { index } refused { index } } }"""


async def _listed(desk: Desk, caller: Caller, path: Path, **values: Any) -> list[str]:
    found = await desk.api.read(path.of(_LIST), caller, **values)
    listed: dict[str, Any] = found["account"]["campaigns"]
    if "first" not in values:
        assert listed["totalCount"] == len(listed["nodes"])
    return [each["name"] for each in listed["nodes"]]


@pytest.mark.parametrize("path", Path)
async def test_the_owner_sees_campaigns_of_all_subaccounts(desk: Desk, path: Path) -> None:
    """R26, R70: and others those of their own accounts alone, page by page, the newest first."""
    world, master = desk.world, desk.shop.master
    owner = await world.member(master, BuiltinRole.OWNER)
    other = await world.account(master)
    below = await world.account(other)
    for account, name in ((master, "A"), (desk.shop.account, "B"), (other, "C"), (below, "D"), (other, "E")):
        await give_campaign(world, account, name=name, label=name)
    everything = {"id": master.id, "below": True}
    assert await _listed(desk, owner, path, **everything) == ["E", "D", "C", "B", "A"]
    assert await _listed(desk, owner, path, id=master.id) == ["A"]
    assert await _listed(desk, owner, path, id=other.id, below=True) == ["E", "D", "C"]
    assert await _listed(desk, owner, path, **everything, label="D") == ["D"]
    # Whatever its case.
    assert await _listed(desk, owner, path, **everything, label=" d") == ["D"]
    assert await _listed(desk, owner, path, **everything, status="SENT") == []
    assert await _listed(desk, owner, path, **everything, status="DRAFT", first=2) == ["E", "D"]
    page = await desk.api.read(path.of(_LIST), owner, **everything, first=2)
    after = page["account"]["campaigns"]["pageInfo"]["endCursor"]
    assert await _listed(desk, owner, path, **everything, first=2, after=after) == ["C", "B"]
    assert await _listed(desk, desk.shop.owner, path, id=desk.shop.account.id, below=True) == ["B"]


@pytest.mark.parametrize("path", Path)
async def test_a_subaccount_without_the_permission_is_left_out(desk: Desk, path: Path) -> None:
    """Whoever reads campaigns above need not read them everywhere below."""
    world, master = desk.world, desk.shop.master
    role = await world.role(master, "ACCOUNT_READ CAMPAIGNS_READ", "ACCOUNT_READ")
    reader = await world.member(master, role)
    await give_campaign(world, master, name="A")
    await give_campaign(world, desk.shop.account, name="B")
    assert await _listed(desk, reader, path, id=master.id, below=True) == ["A"]


@pytest.mark.parametrize("path", Path)
async def test_a_campaign_is_found_by_its_id(desk: Desk, path: Path) -> None:
    made = await desk.draft("ann@example.com", label="Spring", messagesPerHour=60)
    query = path.of(
        """query ($id: ID!) { node(id: $id) { ... on Campaign { name status channel label templateId
      contactListIds excludedContactListIds attribute value messagesPerHour version messages
      account { id } createdBy { id } sentBy { id } approvedBy { id } startsLocal startsAt endedAt } } }"""
    )
    found = (await desk.api.read(query, desk.shop.owner, id=made["id"]))["node"]
    row = await desk.row(made)
    account = desk.shop.account
    assert found == {
        "name": "Spring",
        "status": "DRAFT",
        "channel": "EMAIL",
        "label": "Spring",
        "templateId": f"tmpl_{account.key}_{row.template_id}",
        "contactListIds": [f"clst_{account.key}_{row.contact_list_ids[0]}"],
        "excludedContactListIds": [],
        "attribute": None,
        "value": None,
        "messagesPerHour": 60,
        "version": 1,
        "messages": 0,
        "account": {"id": account.id},
        "createdBy": {"id": desk.shop.owner.person.id},
        "sentBy": None,
        "approvedBy": None,
        "startsLocal": None,
        "startsAt": None,
        "endedAt": None,
    }
    stranger = await desk.world.member(await desk.world.account(), BuiltinRole.OWNER)
    key = await give_campaign(desk.world, account, status=CampaignStatus.SENT)
    for id_ in (made["id"], campaign_id(key)):
        assert (await desk.api.read(query, stranger, id=id_))["node"] is None


@pytest.mark.parametrize("path", Path)
async def test_a_preview_says_what_it_would_take(desk: Desk, path: Path) -> None:
    """N11: and it takes exactly that."""
    made = await desk.draft("ann@example.com", "bob@example.com", "carl@example.com")
    await give_entries(desk.world, desk.shop.account, ["ann@example.com"])
    found = (await desk.api.read(path.of(_PREVIEW), desk.shop.owner, id=made["id"]))["campaignPreview"]
    expected: dict[str, Any] = {"recipients": 2, "blocked": 1, "newContacts": 2, "activeContacts": 0}
    expected |= {"price": "0", "warnings": [], "leftOut": [], "refused": []}
    assert found == expected
    await desk.send(made)
    found = (await desk.api.read(path.of(_PREVIEW), desk.shop.owner, id=made["id"]))["campaignPreview"]
    assert found == expected | {"newContacts": 0, "activeContacts": 2}
    nobody = await desk.draft()
    found = (await desk.api.read(path.of(_PREVIEW), desk.shop.owner, id=nobody["id"]))["campaignPreview"]
    assert found["warnings"] == ["NO_RECIPIENTS"]


@pytest.mark.parametrize("path", Path)
async def test_a_message_names_its_campaign(desk: Desk, path: Path) -> None:
    account = desk.shop.account
    sent = await desk.send(await desk.draft("ann@example.com"))
    await desk.work(sent)
    await send(desk.api, desk.shop.owner, account, [mail("1", "bob@example.com")], stream="MARKETING")
    found = await desk.api.read(path.of(_MESSAGES), desk.shop.owner, id=account.id)
    assert found["account"]["marketingMessages"]["nodes"] == [
        {"recipient": "bob@example.com", "campaignId": None},
        {"recipient": "ann@example.com", "campaignId": sent["id"]},
    ]
