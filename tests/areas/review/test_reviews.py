"""A review from the request to the decision, and what it lets an account do (R85, R86, R88, T29, T36)."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.staff.overrides import OverrideKind
from models.staff.tables import StaffRole
from tests.areas.effects.log import events_of, last_event, mails_to
from tests.areas.review.reviewing import DECIDED, REQUESTED, request, shown, waiting
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import Brand
from tests.world.contacts import give_contact
from tests.world.plans import make_plan, subscribe
from tests.world.reviews import give_review, samples_of
from tests.world.sends import reserve, reserved, settle
from tests.world.staff import dismiss, set_override, staff_member
from tests.world.world import Person, World

_PREVIEW = """query ($accountId: ID!) { sendPreview(
  accountId: $accountId, stream: MARKETING, recipients: ["ann@example.com"]) { warnings } }"""


@pytest.fixture
async def small(brand: Brand, world: World) -> Brand:
    """The brand with a plan, and a contact in one of its accounts."""
    await subscribe(world, brand.master, await make_plan(world))
    await give_contact(world, brand.us, "ann@example.com")
    return brand


@pytest.fixture
async def checker(world: World) -> Person:
    """An approver who looks first."""
    return await staff_member(world, StaffRole.APPROVER)


@pytest.fixture
async def approver(world: World) -> Person:
    """Another approver."""
    return await staff_member(world, StaffRole.APPROVER)


async def test_the_number_of_contacts_is_for_who_may_see_contacts(
    api: Api, small: Brand, world: World
) -> None:
    """T31: a review is a setting, and counts what another area shows."""
    review_id = await request(api, small.owner, small.us)
    query = "query ($id: ID!) { node(id: $id) { ... on Review { status contacts } } }"
    for rights, contacts in (("SETTINGS_READ", None), ("SETTINGS_READ CONTACTS_READ", 1)):
        role = await world.role(small.us, f"ACCOUNT_READ {rights}")
        member = await world.member(small.us, role)
        answer = await api.read(query, member, id=review_id)
        assert answer["node"] == {"status": "OPEN", "contacts": contacts}


async def test_an_account_sends_once_two_of_the_staff_have_approved_it(
    reviewing: Api, small: Brand, world: World, checker: Person, approver: Person
) -> None:
    """R85, R86, T36: from the refusal to the send; each step in the log, the decision by mail."""
    api, us = reviewing, small.us
    agent = await staff_member(world)
    assert await shown(api, small.owner, us) == (None, False)
    assert (await reserve(api, small.owner, us, "ann")).code == "REVIEW_REQUIRED"
    review_id = await request(api, small.owner, us)
    assert (await last_event(api, small.owner, us.id))["type"] == "REVIEW_REQUESTED"
    this = {"accountId": us.id, "reviewId": review_id}
    checked = (await done(api, "reviewApprove", checker, DECIDED, **this))["review"]
    assert (checked["status"], checked["checkedByName"], checked["approvedByName"]) == (
        "OPEN",
        checker.name,
        None,
    )
    before = await world.state(small.master)
    for person in (checker, agent):
        assert await code_of(api, "reviewApprove", person, **this) == "SECOND_PERSON_REQUIRED"
    again = await attempt(api, "reviewApprove", checker, **this)
    assert again.user_error
    assert again.user_error["message"].startswith("You have approved it already.")
    assert (await reserve(api, small.owner, us, "ann")).code == "REVIEW_REQUIRED"
    assert await world.state(small.master) == before
    approved = (await done(api, "reviewApprove", approver, DECIDED, **this))["review"]
    assert (approved["status"], approved["approvedByName"]) == ("APPROVED", approver.name)
    assert await shown(api, small.owner, us) == ("APPROVED", True)
    kinds = [event["type"] for event in await events_of(api, small.owner, us.id)]
    assert kinds[:3] == ["REVIEW_APPROVED", "REVIEW_CHECKED", "REVIEW_REQUESTED"]
    reservation = await reserved(api, small.owner, us, "ann")
    assert await settle(api, small.owner, "sendCommit", reservation) == ""
    everything = str(await events_of(api, small.owner, us.id))
    assert not [word for word in (checker.name, approver.name, checker.id) if word in everything]
    for person in (agent, approver):
        assert await code_of(api, "reviewApprove", person, **this) == "FAILED_PRECONDITION"


async def test_owners_are_told_the_decision_by_mail(
    api: Api, world: World, database: AsyncEngine, checker: Person, approver: Person
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    analyst = await world.member(account, BuiltinRole.ANALYST)
    first = await give_review(world, account)
    this = {"accountId": account.id, "reason": "Bought addresses."}
    await done(api, "reviewDecline", checker, **this, reviewId=first)
    second = await give_review(world, account, checker)
    await done(api, "reviewApprove", approver, accountId=account.id, reviewId=second)
    await done(api, "reviewRevoke", checker, **this)
    declined, approved, revoked = await mails_to(database, owner.person.email)
    assert account.name in declined.body
    assert "declined" in declined.body
    assert "Bought addresses[.]" in declined.body or "Bought addresses." in declined.body
    assert "may send now" in approved.body
    assert "no longer lets" in revoked.body
    assert await mails_to(database, analyst.person.email) == []


async def test_everything_but_sending_is_possible_before(reviewing: Api, small: Brand) -> None:
    """R86: the preview warns, and whatever takes away nothing is done."""
    preview = await reviewing.read(_PREVIEW, small.owner, accountId=small.us.id)
    assert preview["sendPreview"]["warnings"] == ["REVIEW_REQUIRED"]
    values = {"accountId": small.us.id, "contacts": [{"email": "bob@example.com"}]}
    assert await code_of(reviewing, "contactUpsert", small.owner, **values) == ""


async def test_without_the_setting_nobody_waits(api: Api, small: Brand) -> None:
    """A review can be requested all the same, before the setting is switched on."""
    assert (await api.read(_PREVIEW, small.owner, accountId=small.us.id))["sendPreview"]["warnings"] == []
    reservation = await reserved(api, small.owner, small.us, "ann")
    assert await settle(api, small.owner, "sendCommit", reservation) == ""
    await request(api, small.owner, small.us)


async def test_an_approval_is_inherited_by_nobody(
    reviewing: Api, small: Brand, world: World, checker: Person, approver: Person
) -> None:
    """T29: neither from above nor by a copy; keys and other people of the account ask the same gate."""
    await give_review(world, small.master, checker, approver)
    await give_review(world, small.us, checker, approver)
    copied = {"parentId": small.master.id, "name": "Copy", "copyFrom": small.us.id, "copy": ["LANGUAGE"]}
    copied |= {"idempotencyKey": "1"}
    made = await done(reviewing, "subaccountCreate", small.owner, "account { id reviewApproved }", **copied)
    assert made["account"]["reviewApproved"] is False
    assert (await reserve(reviewing, small.owner, small.uk, "ann")).code == "REVIEW_REQUIRED"
    below = await world.account(small.us)
    key = await world.api_key(below, BuiltinRole.OWNER)
    assert (await reserve(reviewing, key, below, "ann")).code == "REVIEW_REQUIRED"
    assert (await reserve(reviewing, await world.api_key(small.us, BuiltinRole.OWNER), small.us, "a")).done


async def test_staff_approve_without_a_review_by_an_override(
    reviewing: Api, small: Brand, world: World, checker: Person, approver: Person
) -> None:
    """Whoever was a customer before the setting was switched on goes on sending."""
    waits = await set_override(world, small.us, OverrideKind.REVIEW_APPROVED, checker)
    assert (await reserve(reviewing, small.owner, small.us, "ann")).code == "REVIEW_REQUIRED"
    this = {"accountId": small.us.id, "overrideId": waits.id}
    assert await code_of(reviewing, "overrideApprove", approver, **this) == ""
    assert await shown(reviewing, small.owner, small.us) == (None, True)
    await reserved(reviewing, small.owner, small.us, "ann")
    revoke = {"accountId": small.us.id, "reason": "Complaints."}
    revoked = await done(reviewing, "reviewRevoke", approver, DECIDED, **revoke)
    assert revoked["review"] is None
    assert (await reserve(reviewing, small.owner, small.us, "ann")).code == "REVIEW_REQUIRED"


async def test_what_was_reserved_before_a_revocation_is_not_sent(
    reviewing: Api, small: Brand, world: World, checker: Person, approver: Person
) -> None:
    """It can be voided; what was committed is committed."""
    await give_review(world, small.us, checker, approver)
    sent = await reserved(reviewing, small.owner, small.us, "ann")
    assert await settle(reviewing, small.owner, "sendCommit", sent) == ""
    held = await reserved(reviewing, small.owner, small.us, "ann")
    revoke = {"accountId": small.us.id, "reason": "Complaints."}
    revoked = (await done(reviewing, "reviewRevoke", checker, DECIDED, **revoke))["review"]
    assert (revoked["status"], revoked["reason"], revoked["endedByName"]) == (
        "REVOKED",
        "Complaints.",
        checker.name,
    )
    assert (await last_event(reviewing, small.owner, small.us.id))["after"] == {"reason": "Complaints."}
    before = await world.state(small.master)
    assert await settle(reviewing, small.owner, "sendCommit", held) == "REVIEW_REQUIRED"
    assert await world.state(small.master) == before
    assert await settle(reviewing, small.owner, "sendCommit", sent) == ""
    assert await settle(reviewing, small.owner, "sendVoid", held) == ""
    assert await code_of(reviewing, "reviewRevoke", checker, **revoke) == "FAILED_PRECONDITION"
    await request(reviewing, small.owner, small.us)
    assert await shown(reviewing, small.owner, small.us) == ("OPEN", False)


async def test_a_request_is_refused_where_it_makes_no_sense(
    api: Api, small: Brand, world: World, checker: Person, approver: Person
) -> None:
    """No contacts, one that is open, one that was approved; after a decline a new one is made."""
    before = await world.state(small.master)
    empty = await attempt(api, "reviewRequest", small.owner, accountId=small.uk.id)
    assert (empty.code, empty.named) == ("FAILED_PRECONDITION", "accountId")
    assert await world.state(small.master) == before
    first = await request(api, small.owner, small.us)
    before = await world.state(small.master)
    assert await code_of(api, "reviewRequest", small.owner, accountId=small.us.id) == "CONFLICT"
    assert await world.state(small.master) == before
    decline = {"accountId": small.us.id, "reviewId": first, "reason": "Bought addresses."}
    declined = (await done(api, "reviewDecline", checker, DECIDED, **decline))["review"]
    assert (declined["status"], declined["reason"]) == ("DECLINED", "Bought addresses.")
    assert await code_of(api, "reviewDecline", checker, **decline) == "FAILED_PRECONDITION"
    made = await done(api, "reviewRequest", small.owner, REQUESTED, accountId=small.us.id)
    second = made["review"]
    assert (second["status"], second["contacts"], second["account"]["id"]) == ("OPEN", 1, small.us.id)
    this = {"accountId": small.us.id, "reviewId": second["id"]}
    for person in (checker, approver):
        assert await code_of(api, "reviewApprove", person, **this) == ""
    before = await world.state(small.master)
    assert await code_of(api, "reviewRequest", small.owner, accountId=small.us.id) == "FAILED_PRECONDITION"
    assert await world.state(small.master) == before


async def test_who_checked_it_and_left_the_staff_counts_for_nothing(
    api: Api, small: Brand, world: World, checker: Person, approver: Person
) -> None:
    """T14: the next one is the first."""
    this = {"accountId": small.us.id, "reviewId": await give_review(world, small.us, checker)}
    await dismiss(world, checker)
    checked = (await done(api, "reviewApprove", approver, DECIDED, **this))["review"]
    assert (checked["status"], checked["checkedByName"]) == ("OPEN", approver.name)
    assert await code_of(api, "reviewApprove", approver, **this) == "SECOND_PERSON_REQUIRED"


async def test_staff_decide_what_they_looked_at_and_not_on_their_own_tree(
    api: Api, small: Brand, world: World
) -> None:
    """T1: a review is found in its own account alone. OWN_TREE: also for members elsewhere in it."""
    agent, insider = await staff_member(world), await staff_member(world)
    await world.member(small.uk, BuiltinRole.ANALYST, insider)
    review_id = await give_review(world, small.us)
    this = {"accountId": small.us.id, "reviewId": review_id}
    before = await world.state(small.master)
    elsewhere = this | {"accountId": small.uk.id}
    because = {"reason": "Bought."}
    assert await code_of(api, "reviewApprove", agent, **elsewhere) == "NOT_FOUND"
    assert await code_of(api, "reviewDecline", agent, **elsewhere, **because) == "NOT_FOUND"
    assert await code_of(api, "reviewApprove", insider, **this) == "OWN_TREE"
    assert await code_of(api, "reviewDecline", insider, **this, **because) == "OWN_TREE"
    assert await code_of(api, "reviewRevoke", insider, accountId=small.us.id, **because) == "OWN_TREE"
    assert await world.state(small.master) == before


async def test_a_closed_account_is_not_approved_and_waits_for_nothing(
    api: Api, world: World, checker: Person, approver: Person
) -> None:
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    closing, closed = await world.account(master), await world.account(master)
    review_id = await give_review(world, closing)
    other = await give_review(world, closed, checker)
    await world.set_status(closed, AccountStatus.CLOSED)
    assert (
        await code_of(api, "reviewApprove", approver, accountId=closed.id, reviewId=other) == "ACCOUNT_CLOSED"
    )
    made = await done(api, "accountClose", owner, "effects { kind }", accountId=closing.id)
    assert {"kind": "REVIEW_WITHDRAWN"} in made["effects"]
    assert await waiting(api, checker, closing) == []
    assert [sampled.ended_at is None for sampled in await samples_of(world, review_id)] == [False]
    event = await events_of(api, owner, closing.id, "REVIEW_WITHDRAWN")
    assert [each["subjectId"] for each in event] == [review_id]


async def test_four_eyes_hold_in_the_database_itself(world: World, small: Brand, checker: Person) -> None:
    """T36: whatever the application may be made to write."""
    await give_review(world, small.us, checker)
    approve = "UPDATE reviews SET status = 'APPROVED', decided_at = now(), approved_by = checked_by"
    alone = text(f"{approve} WHERE account_id = :account")
    nobody = text(f"{approve}, checked_by = NULL WHERE account_id = :account")
    async with world.database.connect() as connection:
        for statement, constraint in ((alone, "nobody_approves_his_own"), (nobody, "four_eyes")):
            with pytest.raises(Exception, match=constraint):
                await connection.execute(statement, {"account": small.us.key})
            await connection.rollback()
