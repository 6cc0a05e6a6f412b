"""What platform staff set of one person's rights in the accounts below (R73)."""

from typing import Any

import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from models.members.tables import memberships
from models.staff.overrides import OverrideKind
from tests.areas.effects.log import last_event, mail_to
from tests.areas.explain.asking import why
from tests.areas.parent_access.linked import Agency, agency_of
from tests.areas.staff.staff_at_work import in_days, wanted
from tests.client.api import Api, Caller
from tests.client.links import break_glass, set_parent_access
from tests.client.mutations import ROLE_IDS, code_of, done
from tests.database.stored import fingerprints
from tests.world.staff import limit_below, set_override, staff_member
from tests.world.world import Account, Member, Person, World

_MADE = "override { id status memberId permissions }"
_CHANGES = """moreAccessChanges
  accessChanges { accountId kind subjectId subjectName gained lost }"""
_OWN = """query ($id: ID!) { account(id: $id) { overrides { nodes {
  id kind status permissions member { id user { id } }
} } } }"""
_SEEN = "{ viewer { accounts { nodes { id viewerPermissions } } } }"


@pytest.fixture
async def agency(world: World) -> Agency:
    """Whoever administers the agency administers the hotel and its spa, as every link is FULL."""
    return await agency_of(world)


async def _seen(api: Api, caller: Caller) -> dict[str, set[str]]:
    nodes = (await api.read(_SEEN, caller))["viewer"]["accounts"]["nodes"]
    return {node["id"]: set(node["viewerPermissions"]) for node in nodes}


async def _by_id(api: Api, caller: Caller, account: Account) -> set[str] | None:
    query = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"
    found = (await api.ask(query, caller, id=account.id)).data or {}
    return set(found["account"]["viewerPermissions"]) if found.get("account") else None


async def _limit(
    api: Api, agent: Person, account: Account, member: Member, *permissions: str, **more: Any
) -> Any:
    values = wanted(account, "USER_RIGHTS", memberId=member.id, permissions=permissions, **more)
    return (await done(api, "overrideCreate", agent, _MADE, **values))["override"]


async def test_one_persons_rights_below_are_set_and_nobody_elses(
    api: Api, world: World, agency: Agency
) -> None:
    """At once, in every account below, by id and in lists; in the account itself the role holds as it is."""
    agent, other = (
        await staff_member(world),
        await world.member(agency.master, BuiltinRole.ADMINISTRATOR),
    )
    before = await _seen(api, agency.above)
    assert before == await _seen(api, other)
    made = await _limit(api, agent, agency.master, agency.above, "STATISTICS_READ")
    assert made == {
        "id": made["id"],
        "status": "IN_FORCE",
        "memberId": agency.above.id,
        "permissions": ["ACCOUNT_READ", "STATISTICS_READ"],
    }
    left = {"ACCOUNT_READ", "STATISTICS_READ"}
    expected = before | {agency.hotel.id: left, agency.spa.id: left}
    assert await _seen(api, agency.above) == expected
    assert [await _by_id(api, agency.above, account) for account in (agency.hotel, agency.spa)] == [left] * 2
    assert await _seen(api, other) == before
    new = {"parentId": agency.hotel.id, "name": "Bar", "idempotencyKey": "bar"}
    assert await code_of(api, "subaccountCreate", agency.above, **new) == "FORBIDDEN"
    assert await code_of(api, "subaccountCreate", other, **new) == ""


async def test_a_dry_run_tells_staff_what_the_member_would_lose(
    api: Api, world: World, agency: Agency, database: AsyncEngine
) -> None:
    """And gain, where it ends; nothing of anybody else, and not who it is."""
    agent = await staff_member(world)
    held = await _seen(api, agency.above)
    asked = {"memberId": agency.above.id, "permissions": ["STATISTICS_READ"]}
    values = wanted(agency.master, "USER_RIGHTS", **asked)
    before = await fingerprints(database)
    would = await done(api, "overrideCreate", agent, _CHANGES, **values, dryRun=True)
    assert await fingerprints(database) == before
    made = await done(api, "overrideCreate", agent, _MADE, **values)
    left = await _seen(api, agency.above)
    below = (agency.hotel, agency.spa)
    assert _told(would) == {account.id: (set(), held[account.id] - left[account.id]) for account in below}
    ending = {"accountId": agency.master.id, "overrideId": made["override"]["id"], "reason": "Settled"}
    before = await fingerprints(database)
    would = await done(api, "overrideEnd", agent, _CHANGES, **ending, dryRun=True)
    assert await fingerprints(database) == before
    assert _told(would) == {account.id: (held[account.id] - left[account.id], set()) for account in below}


def _told(answer: dict[str, Any]) -> dict[str, tuple[set[str], set[str]]]:
    """What is gained and lost by account; all of it is one nameless person's."""
    assert answer["moreAccessChanges"] is False
    found = {}
    for change in answer["accessChanges"]:
        assert (change["kind"], change["subjectId"], change["subjectName"]) == ("PERSON", None, None)
        assert change["accountId"] not in found
        found[change["accountId"]] = set(change["gained"]), set(change["lost"])
    return found


async def test_with_nothing_left_the_accounts_below_are_not_there(
    api: Api, world: World, agency: Agency
) -> None:
    await _limit(api, await staff_member(world), agency.master, agency.above)
    assert set(await _seen(api, agency.above)) == {agency.master.id}
    assert await _by_id(api, agency.above, agency.hotel) is None
    listed = "query ($id: ID!) { account(id: $id) { members(includeInherited: true) { nodes { id } } } }"
    nodes = (await api.read(listed, agency.owner, id=agency.hotel.id))["account"]["members"]["nodes"]
    assert not [node for node in nodes if node["id"].startswith(agency.above.id)]


async def test_what_somebody_holds_there_besides_stays(api: Api, world: World, agency: Agency) -> None:
    """So separate rights are a membership of their own."""
    await world.member(agency.spa, BuiltinRole.MARKETER, agency.above.person)
    await _limit(api, await staff_member(world), agency.master, agency.above)
    seen = await _seen(api, agency.above)
    assert set(seen) == {agency.master.id, agency.spa.id}
    assert "CAMPAIGNS_SEND" in seen[agency.spa.id]
    assert "MEMBERS_WRITE" not in seen[agency.spa.id]


async def test_it_narrows_and_never_widens(api: Api, world: World, agency: Agency) -> None:
    """Staff are no way to rights that the role does not give."""
    analyst = await world.member(agency.master, BuiltinRole.ANALYST)
    before = await _seen(api, analyst)
    await _limit(api, await staff_member(world), agency.master, analyst, "MEMBERS_WRITE", "CREDIT_TRANSFER")
    assert await _seen(api, analyst) == before


async def test_the_account_and_its_log_tell_of_it(api: Api, world: World, agency: Agency) -> None:
    made = await _limit(api, await staff_member(world), agency.hotel, agency.administrator, "MEMBERS_READ")
    (own,) = (await api.read(_OWN, agency.owner, id=agency.hotel.id))["account"]["overrides"]["nodes"]
    person = agency.administrator.person
    assert own == {
        "id": made["id"],
        "kind": "USER_RIGHTS",
        "status": "IN_FORCE",
        "permissions": ["ACCOUNT_READ", "MEMBERS_READ"],
        "member": {"id": agency.administrator.id, "user": {"id": person.id}},
    }
    event = await last_event(api, agency.owner, agency.hotel.id)
    assert (event["type"], event["after"]["user"]) == ("OVERRIDE_STARTED", person.id)
    assert event["after"]["permissions"] == ["ACCOUNT_READ", "MEMBERS_READ"]


async def test_it_ends_by_staff_and_by_the_clock(
    api: Api, world: World, database: AsyncEngine, agency: Agency
) -> None:
    agent = await staff_member(world)
    before = await _seen(api, agency.above)
    made = await _limit(api, agent, agency.master, agency.above)
    this = {"accountId": agency.master.id, "overrideId": made["id"], "reason": "Over."}
    await done(api, "overrideEnd", agent, **this)
    assert await _seen(api, agency.above) == before
    await _limit(api, agent, agency.master, agency.above)
    assert await _seen(api, agency.above) != before
    limited = memberships.c.id == agency.above.key
    async with database.begin() as connection:
        await connection.execute(update(memberships).where(limited).values(below_limit_until=func.now()))
    assert await _seen(api, agency.above) == before


async def test_another_one_takes_its_place_of_the_same_person_alone(
    api: Api, world: World, agency: Agency
) -> None:
    agent, other = await staff_member(world), await world.member(agency.master, BuiltinRole.ADMINISTRATOR)
    await _limit(api, agent, agency.master, other, "ACCOUNT_READ")
    await _limit(api, agent, agency.master, agency.above, "ACCOUNT_READ")
    await _limit(api, agent, agency.master, agency.above, "AUDIT_READ")
    assert await _by_id(api, agency.above, agency.spa) == {"ACCOUNT_READ", "AUDIT_READ"}
    assert await _by_id(api, other, agency.spa) == {"ACCOUNT_READ"}
    owner = await world.member(agency.master, BuiltinRole.ADMINISTRATOR)
    nodes = (await api.read(_OWN, owner, id=agency.master.id))["account"]["overrides"]["nodes"]
    assert [node["status"] for node in nodes] == ["IN_FORCE", "ENDED", "IN_FORCE"]


async def test_whoever_leaves_and_comes_back_is_under_it_again(
    api: Api, world: World, database: AsyncEngine, agency: Agency
) -> None:
    """A colleague cannot lift what support has set, by removing and inviting."""
    colleague = await world.member(agency.master, BuiltinRole.ADMINISTRATOR)
    await _limit(api, await staff_member(world), agency.master, agency.above, "ACCOUNT_READ")
    await done(api, "memberRemove", colleague, memberId=agency.above.id)
    invited = {"accountId": agency.master.id, "email": agency.above.person.email}
    invited |= {"roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR], "idempotencyKey": "again"}
    await done(api, "memberInvite", colleague, **invited)
    mail = await mail_to(database, agency.above.person.email)
    await done(api, "invitationAccept", agency.above, token=mail.token)
    assert await _by_id(api, agency.above, agency.spa) == {"ACCOUNT_READ"}
    assert "MEMBERS_WRITE" in (await _by_id(api, agency.above, agency.master) or set())


async def test_broken_glass_gives_no_more(api: Api, world: World, agency: Agency) -> None:
    await set_parent_access(world, agency.hotel, ParentAccess.BREAK_GLASS)
    await break_glass(world, agency.hotel, agency.above.person)
    assert "MEMBERS_WRITE" in (await _by_id(api, agency.above, agency.hotel) or set())
    await limit_below(world, agency.master, agency.above.person, set())
    assert await _by_id(api, agency.above, agency.hotel) is None


async def test_it_is_explained(api: Api, world: World, agency: Agency) -> None:
    """N1: a rule of its own in the chain, and the one thing that is in the way."""
    await _limit(api, await staff_member(world), agency.master, agency.above, "STATISTICS_READ")
    name = agency.above.person.name
    told = await why(api, agency.above, agency.spa, "MEMBERS_READ")
    step = told.step("USER_RIGHTS")
    assert (told.decision, step["effect"]) == ("DENIED", "DENIES")
    assert step["sentence"].startswith(f"Platform support keeps MEMBERS_READ from {name} below Agency until ")
    assert told.misses[step["sentence"]] is True
    told = await why(api, agency.above, agency.spa, "STATISTICS_READ")
    assert (told.decision, told.step("USER_RIGHTS")["effect"]) == ("ALLOWED", "ALLOWS")
    told = await why(api, agency.above, agency.master, "MEMBERS_READ")
    assert "USER_RIGHTS" not in str(told.chain)


async def test_whose_rights_are_meant_must_be_a_member_of_that_account(
    api: Api, world: World, agency: Agency
) -> None:
    """T1: not of another one, and not as seen from below."""
    agent = await staff_member(world)
    before = await world.state(agency.master)
    for member_id, code in {
        agency.administrator.id: "NOT_FOUND",
        f"{agency.above.id}_{agency.hotel.key}": "INHERITED_MEMBER",
        agency.above.person.id: "NOT_FOUND",
    }.items():
        values = wanted(agency.master, "USER_RIGHTS", memberId=member_id, permissions=[])
        assert await code_of(api, "overrideCreate", agent, **values) == code
    values = wanted(agency.master, "USER_RIGHTS", memberId=agency.above.id)
    assert await code_of(api, "overrideCreate", agent, **values) == "BAD_USER_INPUT"
    values |= {"kind": "SENDING_DOMAINS", "sendingDomains": 2, "expiresAt": in_days(3)}
    assert await code_of(api, "overrideCreate", agent, **values) == "BAD_USER_INPUT"
    assert await world.state(agency.master) == before
    values = wanted(agency.master, "USER_RIGHTS", memberId=agency.above.id, permissions=[])
    assert await code_of(api, "overrideCreate", agent, **values) == ""


async def test_staff_see_whose_it_is_and_nothing_else_of_him(api: Api, world: World, agency: Agency) -> None:
    agent = await staff_member(world)
    await set_override(world, agency.master, OverrideKind.USER_RIGHTS, agent, person=agency.above.person)
    query = "query ($id: ID!) { staff { account(id: $id) { overrides { nodes { memberId permissions } } } } }"
    (node,) = (await api.read(query, agent, id=agency.master.id))["staff"]["account"]["overrides"]["nodes"]
    assert node == {"memberId": agency.above.id, "permissions": ["ACCOUNT_READ", "STATISTICS_READ"]}
