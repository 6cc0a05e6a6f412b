"""Where the account wants it, another person approves what is sent."""

from sqlalchemy import update

from authz.policy.builtin_roles import BuiltinRole
from models.api_keys.tables import api_keys
from models.settings.tables import SettingName
from tests.areas.campaigns.conftest import SEEN, Desk
from tests.client.api import Caller
from tests.client.mutations import Attempt, attempt
from tests.world.campaigns import tomorrow
from tests.world.sends import used
from tests.world.settings import set_setting


async def _wanted(desk: Desk) -> None:
    """The account above wants it, for all below."""
    await set_setting(
        desk.world, desk.shop.master, SettingName.CAMPAIGN_APPROVAL, "ANOTHER_PERSON", locked=True
    )


async def _approve(desk: Desk, caller: Caller, campaign: dict[str, str], version: int = 2) -> Attempt:
    values = {"campaignId": campaign["id"], "expectedVersion": version}
    return await attempt(desk.api, "campaignApprove", caller, SEEN, **values)


async def test_another_person_lets_it_be_sent(desk: Desk) -> None:
    await _wanted(desk)
    other = await desk.world.member(desk.shop.account, BuiltinRole.MARKETER)
    asked = await desk.send(await desk.draft("ann@example.com"))
    assert asked["status"] == "AWAITING_APPROVAL"
    await desk.work(asked)
    assert await used(desk.api, desk.shop.owner, desk.shop.account) == (0, 0)
    assert (await _approve(desk, desk.shop.owner, asked)).code == "SECOND_PERSON_REQUIRED"
    key = await desk.world.api_key(desk.shop.account, BuiltinRole.ADMINISTRATOR)
    refused = await _approve(desk, key, asked)
    assert (refused.code, refused.message) == (
        "SECOND_PERSON_REQUIRED",
        "A person must approve it: API keys and narrowed tokens cannot.",
    )
    assert (await _approve(desk, other, asked, 1)).code == "CONFLICT"
    approved = await _approve(desk, other, asked)
    assert approved.payload["campaign"]["status"] == "SENDING"
    row = await desk.row(asked)
    assert (row.asked_by_user_id, row.approved_by_user_id) == (desk.shop.owner.person.key, other.person.key)
    assert (await _approve(desk, other, asked, 3)).code == "FAILED_PRECONDITION"
    await desk.work(asked)
    assert len(await desk.statuses()) == 1


async def test_it_then_starts_at_its_time(desk: Desk) -> None:
    await _wanted(desk)
    other = await desk.world.member(desk.shop.account, BuiltinRole.MARKETER)
    made = await desk.draft("ann@example.com")
    values = {"campaignId": made["id"], "expectedVersion": 1, "startsAt": tomorrow()}
    asked = (await desk.do("campaignSchedule", **values))["campaign"]
    assert asked["status"] == "AWAITING_APPROVAL"
    assert (await desk.row(made)).work_due_at is None
    approved = await _approve(desk, other, made)
    assert approved.payload["campaign"]["status"] == "SCHEDULED"
    row = await desk.row(made)
    assert row.work_due_at == row.starts_at
    await desk.let_pass(made, hours=40)
    await desk.work(made)
    assert (await desk.row(made)).status == "SENDING"


async def test_what_is_declined_is_a_draft_again(desk: Desk) -> None:
    await _wanted(desk)
    other = await desk.world.member(desk.shop.account, BuiltinRole.MARKETER)
    asked = await desk.send(await desk.draft("ann@example.com"))
    assert (await attempt(desk.api, "campaignCancel", other, campaignId=asked["id"])).done
    row = await desk.row(asked)
    assert (row.status, row.asked_by_user_id, row.version) == ("DRAFT", None, 3)


async def test_whoever_made_the_key_approves_nothing_that_it_asked_for(desk: Desk) -> None:
    await _wanted(desk)
    other = await desk.world.member(desk.shop.account, BuiltinRole.MARKETER)
    asked = await desk.send(await desk.draft("ann@example.com"))
    owner = desk.shop.owner
    key = await desk.world.api_key(desk.shop.account)
    async with desk.database.begin() as connection:
        made = {"creator_user_id": owner.person.key}
        await connection.execute(update(api_keys).where(api_keys.c.id == key.key).values(made))
    await desk.change(asked, asked_by_user_id=None, asked_by_api_key_id=key.key)
    assert (await _approve(desk, owner, asked)).code == "SECOND_PERSON_REQUIRED"
    assert (await _approve(desk, other, asked)).done
