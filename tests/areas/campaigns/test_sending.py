"""A campaign is sent: all of it is counted and paid at once, and each recipient gets one message."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.sending.recipient_lists import recipient_lists
from models.staff.overrides import OverrideKind
from models.staff.tables import StaffRole
from tests.areas.campaigns.conftest import SEEN, Desk
from tests.areas.effects.log import events_of
from tests.client.mutations import attempt
from tests.world.block_list import give_entries
from tests.world.campaigns import add_to_list, give_list
from tests.world.contacts import contact_list_id, give_listed_contact
from tests.world.credit import faults_of
from tests.world.plans import make_plan, subscribe
from tests.world.sends import check_counts, used
from tests.world.staff import set_override, staff_member
from tests.world.suppressions import give_bounce, give_unsubscribe


async def test_each_recipient_gets_one_message(desk: Desk, database: AsyncEngine) -> None:
    made = await desk.draft("ann@example.com", "bob@example.com", label="Spring")
    assert (made["status"], made["recipients"], made["messages"]) == ("DRAFT", None, 0)
    sent = await desk.send(made)
    assert (sent["status"], sent["recipients"], sent["leftOut"]) == ("SENDING", 2, 0)
    assert (sent["templateVersion"], sent["sender"], sent["label"]) == (1, desk.shop.sender, "Spring")
    assert await used(desk.api, desk.shop.owner, desk.shop.account) == (2, 2)
    await desk.work(sent)
    assert await desk.statuses() == {"ann@example.com": "WAITING", "bob@example.com": "WAITING"}
    row = await desk.row(sent)
    for message in await desk.messages():
        assert (message.campaign_id, message.label, message.stream) == (row.id, "Spring", "MARKETING")
        assert (message.contact_list_id, message.is_test) == (row.contact_list_ids[0], False)
        assert (message.version_id, message.sender) == (row.version_id, desk.shop.sender)
        assert message.contact_id is not None
    assert await desk.claim() == ["ann@example.com", "bob@example.com"]
    await desk.let_pass(sent, minutes=1)
    await desk.work(sent)
    assert (await desk.row(sent)).status == "SENDING", "messages are handed over at this moment"
    await desk.settle()
    await desk.let_pass(sent, minutes=1)
    await desk.work(sent)
    row = await desk.row(sent)
    assert (row.status, row.messages, row.work_due_at) == ("SENT", 2, None)
    async with database.connect() as connection:
        kept = select(recipient_lists.c.id).where(recipient_lists.c.id == row.recipient_list_id)
        assert (await connection.execute(kept)).all() == []
    await check_counts(database, desk.shop.master)
    assert await faults_of(database, desk.shop.master) == []
    key = await desk.world.api_key(desk.shop.account)
    events = [
        each for each in await events_of(desk.api, key, desk.shop.account.id) if "CAMPAIGN" in each["type"]
    ]
    assert [each["type"] for each in events][::-1] == [
        "CAMPAIGN_CREATED",
        "CAMPAIGN_STARTED",
        "CAMPAIGN_SENT",
    ]
    assert events[1]["after"]["recipients"] == 2


async def test_who_is_excluded_is_neither_paid_nor_sent_to(desk: Desk) -> None:
    """R68, R77, R79: at the start, and between the start and the message."""
    names = [f"{name}@example.com" for name in ("ann", "bob", "carl", "dora", "eva")]
    made = await desk.draft(*names)
    await give_entries(desk.world, desk.shop.master, [names[0]])
    await give_unsubscribe(desk.world, desk.shop.account, names[1])
    await give_bounce(desk.world, desk.shop.account, names[2])
    sent = await desk.send(made)
    assert (sent["recipients"], sent["leftOut"]) == (2, 3)
    assert await used(desk.api, desk.shop.owner, desk.shop.account) == (2, 2)
    await give_unsubscribe(desk.world, desk.shop.account, names[4])
    await desk.work(sent)
    assert await desk.statuses() == {names[3]: "WAITING"}
    row = await desk.row(sent)
    assert (row.reached, row.messages) == (2, 1)


async def test_who_may_be_sent_to_again_later_was_not_paid(desk: Desk) -> None:
    """Only those that were counted at the start get a message."""
    made = await desk.draft("ann@example.com", "bob@example.com")
    await give_entries(desk.world, desk.shop.account, ["ann@example.com"])
    sent = await desk.send(made)
    values = {"accountId": desk.shop.account.id, "entries": ["ann@example.com"]}
    assert (await attempt(desk.api, "blockListRemove", desk.shop.owner, **values)).done
    await desk.work(sent)
    assert await desk.statuses() == {"bob@example.com": "WAITING"}


async def test_audiences_of_several_lists_without_others(desk: Desk) -> None:
    """Somebody in two lists gets one message, with the first of them; whoever is in a list that is taken out
    gets none."""
    account = desk.shop.account
    first = await give_list(desk.world, account, "ann@example.com", "bob@example.com", name="First")
    second = await give_list(desk.world, account, "carl@example.com", name="Second")
    out = await give_list(desk.world, account, "dora@example.com", name="Out")
    by_address = {row.recipient: row for row in await desk.messages()}
    assert by_address == {}
    rows = await desk.contacts()
    await add_to_list(desk.world, account, second, rows["bob@example.com"], rows["dora@example.com"])
    made = await desk.draft(
        contactListIds=[contact_list_id(account, first), contact_list_id(account, second)],
        excludedContactListIds=[contact_list_id(account, out)],
    )
    sent = await desk.send(made)
    await desk.work(sent)
    lists = {row.recipient.partition("@")[0]: row.contact_list_id for row in await desk.messages()}
    assert lists == {"ann": first, "bob": first, "carl": second}


@pytest.mark.parametrize("listed", [True, False])
async def test_an_attribute_chooses(desk: Desk, listed: bool) -> None:
    """Ada is from SE; the others have no country."""
    ada = await give_listed_contact(desk.world, desk.shop.account, "ada@example.com")
    other = await give_list(desk.world, desk.shop.account, "bob@example.com")
    lists = [contact_list_id(desk.shop.account, key) for key in (ada.list_key, other)]
    for value, number in (("SE", 1), (None, 1), ("DE", 0)):
        chosen: dict[str, Any] = {"attribute": "country", "value": value}
        made = await desk.draft(**chosen, **({"contactListIds": lists} if listed else {}))
        values = {"campaignId": made["id"], "expectedVersion": 1}
        tried = await attempt(desk.api, "campaignSend", desk.shop.owner, SEEN, **values)
        if number:
            assert tried.payload["campaign"]["recipients"] == 1
            await desk.work(made)
            assert (await desk.messages())[-1].recipient == "ada@example.com"
        else:
            assert (tried.code, tried.named) == ("BAD_USER_INPUT", "campaignId")


async def test_an_unsubscribe_from_a_list_counts_there(desk: Desk) -> None:
    """R77: where the account's unsubscribes go by list."""
    account = desk.shop.account
    asker = await staff_member(desk.world, StaffRole.AGENT)
    approver = await staff_member(desk.world, StaffRole.APPROVER)
    await set_override(desk.world, account, OverrideKind.UNSUBSCRIBE_SCOPE, asker, approver=approver)
    first = await give_list(desk.world, account, "ann@example.com", "bob@example.com", name="First")
    second = await give_list(desk.world, account, name="Second")
    rows = await desk.contacts()
    await add_to_list(desk.world, account, second, *rows.values())
    await give_unsubscribe(desk.world, account, "ann@example.com", first)
    for chosen, number in (([second], 2), ([first], 1), ([first, second], 1)):
        made = await desk.draft(contactListIds=[contact_list_id(account, key) for key in chosen])
        assert (await desk.send(made))["recipients"] == number


async def test_what_cannot_be_sent_says_why(desk: Desk) -> None:
    """Nothing is counted, and it stays a draft."""
    blocked = await desk.draft("ann@example.com")
    await give_entries(desk.world, desk.shop.account, ["ann@example.com"])
    many = await desk.draft(*[f"a{number}@example.com" for number in range(11)])
    empty = await desk.draft(contactListIds=[await desk.lists()])
    for made, code, message in (
        (
            blocked,
            "BAD_USER_INPUT",
            "Nobody is left of 1 recipient: each is",
        ),
        (empty, "BAD_USER_INPUT", "Nobody is in the audience"),
        (await desk.draft(), "BAD_USER_INPUT", "Nobody is meant"),
        (many, "CONTACT_LIMIT_REACHED", ""),
    ):
        values = {"campaignId": made["id"], "expectedVersion": 1}
        tried = await attempt(desk.api, "campaignSend", desk.shop.owner, **values)
        assert tried.code == code
        assert tried.user_error is not None
        assert tried.user_error["message"].startswith(message)
        assert (await desk.row(made)).status == "DRAFT"
    assert await used(desk.api, desk.shop.owner, desk.shop.account) == (0, 0)
    assert await desk.messages() == []


async def test_a_large_list_is_written_in_slices(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, database: AsyncEngine
) -> None:
    """A worker that dies between two of them leaves whole ones, and the next one goes on."""
    monkeypatch.setattr("resolvers.campaigns.pace.MOST_IN_A_SLICE", 7)
    monkeypatch.setattr("resolvers.campaigns.work._STEPS", 1)
    await subscribe(
        desk.world, desk.shop.account, await make_plan(desk.world, active_contacts=100, sends=100)
    )
    names = [f"a{number:02}@example.com" for number in range(20)]
    sent = await desk.send(await desk.draft(*names))
    for number in (7, 14, 20, 20):
        await desk.work(sent)
        assert len(await desk.statuses()) == number
    await desk.change(sent, reached=0, messages=0)
    await desk.work(sent)
    assert len(await desk.statuses()) == 20, "a slice that is written again changes nothing"
    await check_counts(database, desk.shop.master)
