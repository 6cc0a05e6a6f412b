"""Campaigns are written, changed, deleted and copied."""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.campaigns.tables import CampaignStatus
from models.templates.tables import TemplateChannel
from tests.areas.campaigns.conftest import SEEN, Desk
from tests.areas.effects.log import events_of
from tests.client.mutations import attempt, code_of, done
from tests.world.campaigns import campaign_id, give_campaign, give_list
from tests.world.contacts import contact_list_id
from tests.world.templates import give_template, template_id


async def test_what_a_campaign_cannot_be(desk: Desk) -> None:
    """Nothing is made then."""
    world, account, other = desk.world, desk.shop.account, desk.shop.master
    own = template_id(account, await give_template(world, account, "Own"))
    sms = template_id(account, await give_template(world, account, "SMS", channel=TemplateChannel.SMS))
    foreign = template_id(other, await give_template(world, other, "Foreign"))
    list_ = contact_list_id(other, await give_list(world, other))
    missing = contact_list_id(account, (await desk.row(await desk.draft())).id)
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("BAD_USER_INPUT", "name", {"name": " "}),
        ("BAD_USER_INPUT", "label", {"label": "a" * 51}),
        ("BAD_USER_INPUT", "smsSender", {"templateId": sms}),
        ("NOT_FOUND", "templateId", {"templateId": foreign}),
        ("NOT_FOUND", "contactListIds", {"contactListIds": [list_]}),
        ("NOT_FOUND", "excludedContactListIds", {"excludedContactListIds": [missing]}),
        ("BAD_USER_INPUT", "attribute", {"value": "SE"}),
        ("BAD_USER_INPUT", "value", {"attribute": "country", "value": ""}),
        ("BAD_USER_INPUT", "attribute", {"attribute": " "}),
        ("BAD_USER_INPUT", "messagesPerHour", {"messagesPerHour": 0}),
        ("BAD_USER_INPUT", "messagesPerHour", {"messagesPerHour": 10_000_001}),
    ]
    before = await world.state(desk.shop.master)
    for code, field, values in wrong:
        given = {"accountId": account.id, "name": "Spring", "templateId": own, **values}
        tried = await attempt(desk.api, "campaignCreate", desk.shop.owner, **given)
        assert (tried.code, tried.named) == (code, field)
    assert await world.state(desk.shop.master) == before


async def test_a_change_is_logged(desk: Desk) -> None:
    made = await desk.draft("ann@example.com", label="Spring")
    changed = await desk.do("campaignUpdate", campaignId=made["id"], name="Autumn", label=None)
    assert (changed["campaign"]["version"], changed["campaign"]["label"]) == (2, None)
    same = await desk.do("campaignUpdate", campaignId=made["id"], name="Autumn")
    assert same["campaign"]["version"] == 2
    key = await desk.world.api_key(desk.shop.account)
    (event, *_) = await events_of(desk.api, key, desk.shop.account.id)
    assert (event["type"], event["before"], event["after"]) == (
        "CAMPAIGN_UPDATED",
        {"name": "Spring", "label": "Spring"},
        {"name": "Autumn", "label": None},
    )
    values = {"campaignId": made["id"], "expectedVersion": 1, "name": "Else"}
    assert await code_of(desk.api, "campaignUpdate", desk.shop.owner, **values) == "CONFLICT"


@pytest.mark.parametrize("status", CampaignStatus)
async def test_only_what_was_not_sent_is_changed_or_deleted(desk: Desk, status: CampaignStatus) -> None:
    key = campaign_id(await give_campaign(desk.world, desk.shop.account, status=status))
    is_free = status in (CampaignStatus.DRAFT, CampaignStatus.FAILED)
    code = "" if is_free else "FAILED_PRECONDITION"
    ask = desk.api, "campaignUpdate", desk.shop.owner
    assert await code_of(*ask, campaignId=key, expectedVersion=1, name="Else") == code
    assert await code_of(desk.api, "campaignDelete", desk.shop.owner, campaignId=key) == code
    found = (await desk.api.read("query ($id: ID!) { node(id: $id) { id } }", desk.shop.owner, id=key))[
        "node"
    ]
    assert (found is None) is is_free


async def test_a_branch_gets_a_copy_of_its_own(desk: Desk) -> None:
    """R26, R29: with the template; the lists are those of the branch."""
    world, master = desk.world, desk.shop.master
    owner = await world.member(master, BuiltinRole.OWNER)
    made = await desk.draft("ann@example.com", label="Spring", attribute="country")
    branch = await world.account(master)
    copied = await done(desk.api, "campaignCopy", owner, SEEN, campaignId=made["id"], accountId=branch.id)
    original, copy = await desk.row(made), await desk.row(copied["campaign"])
    assert (copy.account_id, copy.status, copy.version) == (branch.key, "DRAFT", 1)
    assert (copy.name, copy.label, copy.attribute) == ("Spring", "Spring", "country")
    assert (copy.contact_list_ids, copy.template_id != original.template_id) == ([], True)
    query = "query ($id: ID!) { templateContent(templateId: $id) { text } }"
    found = await desk.api.read(query, owner, id=template_id(branch, copy.template_id))
    assert found["templateContent"]["text"] == "Hello {{ contact.email }}"
    same = await desk.do("campaignCopy", campaignId=made["id"], accountId=desk.shop.account.id)
    row = await desk.row(same["campaign"])
    assert (row.template_id, row.contact_list_ids) == (original.template_id, original.contact_list_ids)


async def test_a_copy_needs_rights_on_both_sides(desk: Desk) -> None:
    world, master, account = desk.world, desk.shop.master, desk.shop.account
    made = await desk.draft("ann@example.com")
    branch, foreign = await world.account(master), await world.account()
    values = {"campaignId": made["id"], "accountId": branch.id}
    assert await code_of(desk.api, "campaignCopy", desk.shop.owner, **values) == "NOT_FOUND"
    for here, there, code in (
        ("CAMPAIGNS_READ TEMPLATES_READ", "CAMPAIGNS_WRITE TEMPLATES_WRITE", ""),
        ("CAMPAIGNS_READ", "CAMPAIGNS_WRITE TEMPLATES_WRITE", "FORBIDDEN"),
        ("TEMPLATES_READ", "CAMPAIGNS_WRITE TEMPLATES_WRITE", "FORBIDDEN"),
        ("CAMPAIGNS_READ TEMPLATES_READ", "TEMPLATES_WRITE", "FORBIDDEN"),
        ("CAMPAIGNS_READ TEMPLATES_READ", "CAMPAIGNS_WRITE", "FORBIDDEN"),
    ):
        role, other = (
            await world.role(account, f"ACCOUNT_READ {here}"),
            await world.role(branch, f"ACCOUNT_READ {there}"),
        )
        member = await world.member(account, role)
        await world.member(branch, other, person=member.person)
        assert await code_of(desk.api, "campaignCopy", member, **values) == code
    both = await world.member(foreign, BuiltinRole.OWNER, person=desk.shop.owner.person)
    elsewhere = {**values, "accountId": foreign.id}
    assert await code_of(desk.api, "campaignCopy", both, **elsewhere) == "BAD_USER_INPUT"
    await world.set_status(account, AccountStatus.SUSPENDED)
    owner = await world.member(master, BuiltinRole.OWNER)
    assert await code_of(desk.api, "campaignCopy", owner, **values) == ""
