"""What only platform staff set in an account (R11, R77, R80, R83, R85, R86, R88, T36)."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.staff.overrides import NEED_APPROVAL, OverrideKind
from models.staff.tables import StaffRole
from tests.areas.effects.log import events_of, last_event
from tests.areas.staff.staff_at_work import OVERRIDE, USUAL, held, in_days, wanted
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import Brand
from tests.world.staff import dismiss, expire_override, set_override, staff_member
from tests.world.world import World

VALUES: dict[OverrideKind, dict[str, object]] = {
    OverrideKind.SUBACCOUNTS: {},
    OverrideKind.UNSUBSCRIBE_SCOPE: {"unsubscribeScope": "LIST"},
    OverrideKind.SENDING_DOMAINS: {"sendingDomains": 5},
    OverrideKind.FIELD_FUNCTIONS: {"fieldFunctions": False},
    OverrideKind.REVIEW_APPROVED: {},
}
"""A value that works, for each kind but USER_RIGHTS, which names a member (see test_user_rights.py)."""
OWN = """query ($id: ID!) { account(id: $id) { overrides { nodes {
  id kind status reason sendingDomains account { id } inForceFrom endedAt
} } } }"""


def test_no_kind_names_what_nobody_may_adjust() -> None:
    """T36: block-list entries (R75, R76), the bounce limit (R79), tracking domains (R82)."""
    words = ("BLOCK", "BOUNCE", "TRACKING")
    assert not [kind for kind in OverrideKind if any(word in kind.name for word in words)]
    assert set(VALUES) | {OverrideKind.USER_RIGHTS} == set(OverrideKind)


async def test_an_override_holds_at_once_and_stands_in_the_accounts_log(
    api: Api, world: World, brand: Brand
) -> None:
    """R80, R88: with its reason, and without a word of who of the staff it was."""
    agent = await staff_member(world)
    values = wanted(brand.us, "SENDING_DOMAINS", sendingDomains=5)
    made = (await done(api, "overrideCreate", agent, OVERRIDE, **values))["override"]
    assert (made["status"], made["accountName"], made["madeByName"]) == (
        "IN_FORCE",
        "Marketing US",
        agent.name,
    )
    assert await held(api, brand.owner, brand.us) == USUAL | {"sendingDomainLimit": 5}
    assert await held(api, brand.owner, brand.uk) == USUAL
    (own,) = (await api.read(OWN, brand.owner, id=brand.us.id))["account"]["overrides"]["nodes"]
    assert (own["id"], own["status"], own["sendingDomains"]) == (made["id"], "IN_FORCE", 5)
    assert own["reason"] == "Ticket 4711"
    event = await last_event(api, brand.owner, brand.us.id)
    assert (event["type"], event["subjectId"]) == ("OVERRIDE_STARTED", made["id"])
    assert (event["actorName"], event["actor"], event["actingFrom"]) == ("Platform support", None, None)
    assert event["after"]["reason"] == "Ticket 4711"
    everything = str(await events_of(api, brand.owner, brand.us.id)) + str(own)
    assert not [word for word in (agent.email, agent.name, agent.id) if word in everything]


@pytest.mark.parametrize("kind", [kind for kind in OverrideKind if kind in NEED_APPROVAL])
async def test_four_eyes(api: Api, world: World, brand: Brand, kind: OverrideKind) -> None:
    """T36: in force once an approver approves who did not ask for it; nobody approves his own."""
    asker = await staff_member(world, StaffRole.APPROVER)
    agent, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    values = wanted(brand.us, kind.value, **VALUES[kind])
    made = (await done(api, "overrideCreate", asker, OVERRIDE, **values))["override"]
    assert (made["status"], made["inForceFrom"]) == ("WAITING", None)
    assert (await last_event(api, brand.owner, brand.us.id))["type"] == "OVERRIDE_REQUESTED"
    assert await held(api, brand.owner, brand.us) == USUAL
    this = {"accountId": brand.us.id, "overrideId": made["id"]}
    before = await world.state(brand.master)
    assert await code_of(api, "overrideCreate", agent, **values) == "CONFLICT"
    for person, reason in ((asker, "You have requested it."), (agent, "An approver of the staff must")):
        refused = await attempt(api, "overrideApprove", person, **this)
        assert refused.code == "SECOND_PERSON_REQUIRED"
        assert refused.user_error is not None
        assert refused.user_error["message"].startswith(reason)
    assert await world.state(brand.master) == before
    approved = (await done(api, "overrideApprove", approver, OVERRIDE, **this))["override"]
    assert (approved["status"], approved["approvedByName"]) == ("IN_FORCE", approver.name)
    assert (await last_event(api, brand.owner, brand.us.id))["type"] == "OVERRIDE_STARTED"
    assert await held(api, brand.owner, brand.us) != USUAL
    assert await held(api, brand.owner, brand.store) == USUAL
    before = await world.state(brand.master)
    assert await code_of(api, "overrideApprove", approver, **this) == "FAILED_PRECONDITION"
    assert await world.state(brand.master) == before


async def test_what_somebody_asked_for_who_left_is_not_approved(api: Api, world: World, brand: Brand) -> None:
    """T14: four eyes of staff, at the moment of the second pair."""
    asker, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    waiting = await set_override(world, brand.us, OverrideKind.REVIEW_APPROVED, asker)
    this = {"accountId": brand.us.id, "overrideId": waiting.id}
    await dismiss(world, asker)
    before = await world.state(brand.master)
    assert await code_of(api, "overrideApprove", approver, **this) == "FAILED_PRECONDITION"
    assert await world.state(brand.master) == before
    await staff_member(world, person=asker)
    assert await code_of(api, "overrideApprove", approver, **this) == ""


async def test_an_override_is_ended_at_once_by_anybody_of_the_staff(
    api: Api, world: World, brand: Brand
) -> None:
    maker, other = await staff_member(world), await staff_member(world)
    made = await set_override(world, brand.us, OverrideKind.SENDING_DOMAINS, maker)
    assert (await held(api, brand.owner, brand.us))["sendingDomainLimit"] == 3
    this = {"accountId": brand.us.id, "overrideId": made.id, "reason": "The brand has left its agency."}
    ended = (await done(api, "overrideEnd", other, OVERRIDE, **this))["override"]
    assert (ended["status"], ended["endedByName"]) == ("ENDED", other.name)
    assert await held(api, brand.owner, brand.us) == USUAL
    event = await last_event(api, brand.owner, brand.us.id)
    assert (event["type"], event["after"]) == ("OVERRIDE_ENDED", {"reason": this["reason"]})
    before = await world.state(brand.master)
    assert await code_of(api, "overrideEnd", maker, **this) == ""
    assert await world.state(brand.master) == before


async def test_an_override_expires_by_itself(api: Api, world: World, brand: Brand) -> None:
    """N9: by the database's clock; what has expired is not approved, and ending it changes nothing."""
    asker, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    kinds = (OverrideKind.UNSUBSCRIBE_SCOPE, OverrideKind.REVIEW_APPROVED)
    approved = await set_override(world, brand.us, kinds[0], asker, approver=approver)
    waiting = await set_override(world, brand.us, kinds[1], asker)
    assert (await held(api, brand.owner, brand.us))["unsubscribeScope"] == "LIST"
    for override in (approved, waiting):
        await expire_override(world, override)
    assert await held(api, brand.owner, brand.us) == USUAL
    nodes = (await api.read(OWN, brand.owner, id=brand.us.id))["account"]["overrides"]["nodes"]
    assert [node["status"] for node in nodes] == ["EXPIRED", "EXPIRED"]
    before = await world.state(brand.master)
    this = {"accountId": brand.us.id, "overrideId": waiting.id}
    assert await code_of(api, "overrideApprove", approver, **this) == "FAILED_PRECONDITION"
    assert await code_of(api, "overrideEnd", approver, **this, reason="late") == ""
    assert await world.state(brand.master) == before


async def test_a_new_override_takes_the_place_of_the_one_in_force(
    api: Api, world: World, brand: Brand
) -> None:
    """So that ending it does not bring back an older one."""
    agent = await staff_member(world)
    for number in (5, 7):
        values = wanted(brand.us, "SENDING_DOMAINS", sendingDomains=number)
        made = (await done(api, "overrideCreate", agent, OVERRIDE, **values))["override"]
    nodes = (await api.read(OWN, brand.owner, id=brand.us.id))["account"]["overrides"]["nodes"]
    assert [(node["sendingDomains"], node["status"]) for node in nodes] == [(7, "IN_FORCE"), (5, "ENDED")]
    this = {"accountId": brand.us.id, "overrideId": made["id"], "reason": "Enough."}
    await done(api, "overrideEnd", agent, **this)
    assert await held(api, brand.owner, brand.us) == USUAL


async def test_field_functions_are_passed_down_and_the_nearest_counts(
    api: Api, world: World, brand: Brand
) -> None:
    """R83; unsubscribes (R77, R78), domains (R80) and the review (T29) are their own account's alone."""
    agent, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    below = await world.account(brand.us)
    for kind in VALUES.keys() - {OverrideKind.SUBACCOUNTS}:
        needs = approver if kind in NEED_APPROVAL else None
        await set_override(world, brand.master, kind, agent, approver=needs)
    assert await held(api, brand.owner, below) == USUAL | {"fieldFunctions": False}
    await set_override(world, brand.us, OverrideKind.FIELD_FUNCTIONS, agent, field_functions=True)
    assert await held(api, brand.owner, below) == USUAL
    assert await held(api, brand.owner, brand.us) == USUAL
    assert await held(api, brand.owner, brand.uk) == USUAL | {"fieldFunctions": False}


BAD: dict[str, tuple[dict[str, object], str]] = {
    "no value": ({"kind": "SENDING_DOMAINS"}, "sendingDomains"),
    "a value of another kind": (
        {"kind": "SENDING_DOMAINS", "sendingDomains": 2, "fieldFunctions": True},
        "fieldFunctions",
    ),
    "a value where there is none": (
        {"kind": "REVIEW_APPROVED", "unsubscribeScope": "LIST"},
        "unsubscribeScope",
    ),
    "no domain": ({"kind": "SENDING_DOMAINS", "sendingDomains": 0}, "sendingDomains"),
    "too many domains": ({"kind": "SENDING_DOMAINS", "sendingDomains": 10_001}, "sendingDomains"),
    "no reason": ({"kind": "REVIEW_APPROVED", "reason": " "}, "reason"),
    "a long reason": ({"kind": "REVIEW_APPROVED", "reason": "r" * 201}, "reason"),
    "an expiry that has passed": ({"kind": "REVIEW_APPROVED", "expiresAt": in_days(-1)}, "expiresAt"),
    "more than a year": ({"kind": "REVIEW_APPROVED", "expiresAt": in_days(367)}, "expiresAt"),
    "nobody's rights": ({"kind": "USER_RIGHTS", "permissions": []}, "memberId"),
    "a subaccount's own subaccounts": ({"kind": "SUBACCOUNTS"}, "accountId"),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input(api: Api, world: World, brand: Brand, name: str) -> None:
    values, field = BAD[name]
    agent = await staff_member(world)
    before = await world.state(brand.master)
    refused = await attempt(api, "overrideCreate", agent, **(wanted(brand.us, "") | values))
    assert refused.code == "BAD_USER_INPUT"
    assert refused.user_error is not None
    assert refused.user_error["field"] == ["input", field]
    assert await world.state(brand.master) == before
    good = wanted(brand.us, "SENDING_DOMAINS", sendingDomains=10_000, expiresAt=in_days(364))
    assert await code_of(api, "overrideCreate", agent, **good) == ""


async def test_an_override_is_found_in_its_own_account_alone(api: Api, world: World, brand: Brand) -> None:
    """T1: also by staff, who may work on both accounts."""
    agent, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    waiting = await set_override(world, brand.us, OverrideKind.REVIEW_APPROVED, agent)
    before = await world.state(brand.master)
    this = {"accountId": brand.uk.id, "overrideId": waiting.id}
    assert await code_of(api, "overrideApprove", approver, **this) == "NOT_FOUND"
    assert await code_of(api, "overrideEnd", approver, **this, reason="r") == "NOT_FOUND"
    assert await world.state(brand.master) == before
    assert await code_of(api, "overrideApprove", approver, **this | {"accountId": brand.us.id}) == ""


async def test_nothing_is_set_in_a_closed_account(api: Api, world: World, brand: Brand) -> None:
    """What was set there can still be ended."""
    agent, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    waiting = await set_override(world, brand.us, OverrideKind.REVIEW_APPROVED, agent)
    await world.set_status(brand.master, AccountStatus.CLOSED)
    before = await world.state(brand.master)
    values = wanted(brand.us, "SENDING_DOMAINS", sendingDomains=2)
    this = {"accountId": brand.us.id, "overrideId": waiting.id}
    assert await code_of(api, "overrideCreate", agent, **values) == "ACCOUNT_CLOSED"
    assert await code_of(api, "overrideApprove", approver, **this) == "ACCOUNT_CLOSED"
    assert await world.state(brand.master) == before
    assert await code_of(api, "overrideEnd", approver, **this, reason="closed") == ""
    await world.set_status(brand.master, AccountStatus.SUSPENDED)
    assert await code_of(api, "overrideCreate", agent, **values) == ""


async def test_nobody_of_the_staff_works_on_a_tree_of_his_own(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """A member or a guest of the tree, anywhere in it, asks a colleague."""
    insider, colleague = await staff_member(world), await staff_member(world)
    await world.member(brand.uk, BuiltinRole.ANALYST, insider)
    before = await world.state(brand.master)
    values = wanted(brand.us, "SENDING_DOMAINS", sendingDomains=2)
    assert await code_of(api, "overrideCreate", insider, **values) == "OWN_TREE"
    assert await world.state(brand.master) == before
    assert await code_of(api, "overrideCreate", colleague, **values) == ""
