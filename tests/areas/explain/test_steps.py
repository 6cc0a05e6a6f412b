"""Each kind of step, in the chain where it stands."""

import datetime
from dataclasses import dataclass

import pytest
from sqlalchemy import update

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission, mask_of
from models.accounts.tables import AccountStatus, RightsInheritance
from models.api_keys.tables import WhenMakerLosesAccess, api_keys
from tests.areas.explain.asking import why
from tests.authz.cases.moments import PAST, expire_key, expire_member, made_by, revoke_key
from tests.client.api import Api
from tests.world.shares import Given, give_share
from tests.world.world import Account, Member, Person, World

MARKETER_LINE = "p, MARKETER, member, CAMPAIGNS, *, allow"


@dataclass(frozen=True)
class Brand:
    """A master account with an owner, and a team below it."""

    main: Account
    team: Account
    owner: Member


@pytest.fixture
async def brand(world: World) -> Brand:
    """Nobody is in the team."""
    main = await world.account(name="Verdant Foods")
    team = await world.account(main, "Marketing UK")
    return Brand(main, team, await world.member(main, BuiltinRole.OWNER))


async def test_a_role_in_the_account(api: Api, world: World, brand: Brand) -> None:
    anna = await world.member(brand.team, BuiltinRole.MARKETER, await world.person("Anna"))
    told = await why(api, brand.owner, brand.team, "CAMPAIGNS_SEND", anna)
    assert told.chain == [
        "MEMBERSHIP ALLOWS",
        "ROLE NO_SAY",
        "POLICY_LINE ALLOWS",
        "ACCOUNT_STATUS NO_SAY",
    ]
    assert (told.decision, told.misses, told.granters) == ("ALLOWED", {}, None)
    assert told.data["subject"] == {"id": anna.person.id, "name": "Anna"}
    assert told.data["account"]["name"] == "Marketing UK"
    assert "CAMPAIGNS_SEND" in told.data["account"]["viewerPermissions"]
    membership = told.step("MEMBERSHIP")
    assert membership["sentence"] == "Anna is a member of Marketing UK."
    assert membership["about"] == anna.id
    assert told.step("ROLE")["about"] == "role_" + str(BuiltinRole.MARKETER.id)
    assert told.step("POLICY_LINE")["policyLine"] == MARKETER_LINE
    assert told.step("ACCOUNT_STATUS")["about"] == brand.team.id


async def test_a_person_is_named_by_the_member_too(api: Api, world: World, brand: Brand) -> None:
    anna = await world.member(brand.team, BuiltinRole.MARKETER)
    by_person = await why(api, brand.owner, brand.team, "PLAN_READ", anna.person)
    assert by_person == await why(api, brand.owner, brand.team, "PLAN_READ", anna)
    of_herself = await why(api, anna, brand.team, "PLAN_READ", anna)
    assert (of_herself.chain, of_herself.granters) == (by_person.chain, None)


async def test_denied_by_absence_in_a_custom_role(api: Api, world: World, brand: Brand) -> None:
    """Without a line there is no right, and no line to show."""
    editor = await world.role(brand.main, "ACCOUNT_READ TEMPLATES_WRITE", name="Editor")
    ben = await world.member(brand.team, editor)
    told = await why(api, brand.owner, brand.team, "CAMPAIGNS_READ", ben)
    assert told.chain[:3] == ["MEMBERSHIP ALLOWS", "ROLE NO_SAY", "POLICY_LINE DENIES"]
    assert told.step("POLICY_LINE")["policyLine"] is None
    assert told.step("ROLE")["sentence"] == "The role is Editor."
    assert told.step("ROLE")["about"] == editor.id
    allowed = await why(api, brand.owner, brand.team, "TEMPLATES_WRITE", ben)
    line = f"p, {editor.key}, member, TEMPLATES, WRITE, allow"
    assert allowed.step("POLICY_LINE")["policyLine"] == line


async def test_a_deny_line_is_shown(api: Api, brand: Brand) -> None:
    """No account suspends itself."""
    told = await why(api, brand.owner, brand.main, "ACCOUNT_SUSPEND")
    assert told.step("POLICY_LINE")["policyLine"] == "p, OWNER, member, ACCOUNT, SUSPEND, deny"
    assert (told.decision, told.misses) == ("DENIED", {})


async def test_the_link_passes_down_what_administrators_hold(api: Api, brand: Brand) -> None:
    told = await why(api, brand.owner, brand.team, "ACCOUNT_SUSPEND")
    assert told.chain[:4] == ["MEMBERSHIP ALLOWS", "ROLE NO_SAY", "TREE_LINK ALLOWS", "POLICY_LINE ALLOWS"]
    assert told.step("MEMBERSHIP")["about"] == f"{brand.owner.id}_{brand.team.key}"
    assert told.step("TREE_LINK")["about"] == brand.main.id
    assert told.step("POLICY_LINE")["policyLine"] == "p, OWNER, ancestor, *, *, allow"


async def test_the_link_passes_other_roles_down_where_it_is_told_to(
    api: Api, world: World, brand: Brand
) -> None:
    cleo = await world.member(brand.main, BuiltinRole.MARKETER)
    await world.member(brand.team, BuiltinRole.ANALYST, cleo.person)
    told = await why(api, brand.owner, brand.team, "CONTACTS_READ", cleo.person)
    assert "TREE_LINK DENIES" in told.chain
    assert told.decision == "DENIED"
    lines = [step["policyLine"] for step in told.data["steps"] if step["kind"] == "POLICY_LINE"]
    assert lines == [None, "p, MARKETER, inherited, CONTACTS, *, allow"]
    remedy = "If Verdant Foods passed all of its roles down, the role MARKETER would allow it."
    assert told.misses[remedy] is True
    await world.set_inheritance(brand.main, RightsInheritance.ALL_ROLES)
    told = await why(api, brand.owner, brand.team, "CONTACTS_READ", cleo.person)
    assert told.chain[:4] == ["MEMBERSHIP ALLOWS", "ROLE NO_SAY", "TREE_LINK ALLOWS", "POLICY_LINE ALLOWS"]


async def test_a_membership_that_has_expired(api: Api, world: World, brand: Brand) -> None:
    dora = await world.member(brand.team, BuiltinRole.MARKETER, await world.person("Dora"))
    assert (await why(api, brand.owner, brand.team, "CONTACTS_READ", dora)).decision == "ALLOWED"
    await expire_member(world.database, dora)
    told = await why(api, brand.owner, brand.team, "CONTACTS_READ", dora.person)
    assert told.chain[0] == "MEMBERSHIP DENIES"
    (expired,) = (text for text in told.misses if "expired on" in text)
    assert expired.startswith("The membership of Dora in Marketing UK expired on ")
    assert told.misses[expired] is True


async def test_a_share_and_what_it_hides(api: Api, world: World, brand: Brand) -> None:
    guest = await world.person("Eva")
    hidden = Given(BuiltinRole.MARKETER, hidden=[Area.CAMPAIGNS])
    share = await give_share(world, [brand.team], guest, brand.owner.person, hidden)
    told = await why(api, brand.owner, brand.team, "CAMPAIGNS_READ", guest)
    assert told.chain == [
        "SHARE ALLOWS",
        "ROLE NO_SAY",
        "POLICY_LINE ALLOWS",
        "HIDDEN_AREA DENIES",
        "ACCOUNT_STATUS NO_SAY",
    ]
    assert told.step("SHARE")["about"] == told.step("HIDDEN_AREA")["about"] == share.id
    assert told.misses["The area CAMPAIGNS is hidden by the share."] is True
    told = await why(api, guest, brand.team, "CONTACTS_READ")
    assert (told.decision, told.granters) == ("ALLOWED", None)
    assert told.step("HIDDEN_AREA")["sentence"] == "The share hides CAMPAIGNS, and not CONTACTS."


async def test_a_share_of_areas_alone(api: Api, world: World, brand: Brand) -> None:
    guest = await world.person()
    areas = Given(None, areas=[Area.STATISTICS])
    await give_share(world, [brand.team], guest, brand.owner.person, areas)
    assert (await why(api, guest, brand.team, "STATISTICS_READ")).chain[:2] == [
        "SHARE ALLOWS",
        "SHARE_AREA ALLOWS",
    ]
    told = await why(api, guest, brand.team, "CONTACTS_READ")
    assert told.chain[1] == "SHARE_AREA DENIES"
    assert told.misses["The share opens STATISTICS alone, as to an administrator."] is True


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Given(expires_at=PAST), "expired on 2020-01-01 at 00:00 UTC."),
        (Given(revoked_at=PAST), "was revoked on 2020-01-01 at 00:00 UTC."),
        (Given(accepted=False), "waits to be accepted."),
    ],
    ids=["expired", "revoked", "waits"],
)
async def test_a_share_that_does_not_hold(
    api: Api, world: World, brand: Brand, given: Given, told: str
) -> None:
    guest = await world.person("Finn")
    await world.member(brand.team, BuiltinRole.ANALYST, guest)
    await give_share(world, [brand.team], guest, brand.owner.person, given)
    found = await why(api, brand.owner, brand.team, "CONTACTS_READ", guest)
    assert "SHARE DENIES" in found.chain
    assert found.misses[f"The share of Marketing UK with Finn {told}"] is True


async def test_a_key_and_its_scopes(api: Api, world: World, brand: Brand) -> None:
    scopes = mask_of({Permission.ACCOUNT_READ, Permission.CONTACTS_READ})
    key = await world.api_key(brand.main, BuiltinRole.ADMINISTRATOR, scopes)
    told = await why(api, brand.owner, brand.team, "CONTACTS_READ", key)
    assert told.chain == [
        "KEY_STATE ALLOWS",
        "KEY_ACCOUNT ALLOWS",
        "ROLE NO_SAY",
        "TREE_LINK ALLOWS",
        "POLICY_LINE ALLOWS",
        "KEY_SCOPE ALLOWS",
        "ACCOUNT_STATUS NO_SAY",
    ]
    assert told.data["subject"]["id"] == key.id
    told = await why(api, key, brand.team, "CONTACTS_WRITE")
    assert told.step("KEY_SCOPE")["effect"] == "DENIES"
    (scope,) = (text for text in told.misses if "leave CONTACTS_WRITE out" in text)
    assert told.misses[scope] is True


async def test_a_key_that_works_from_some_addresses(api: Api, world: World, brand: Brand) -> None:
    """Where it asks from is no right, so it has no say; but it is told."""
    key = await world.api_key(brand.team)
    async with world.database.begin() as connection:
        ranges = update(api_keys).where(api_keys.c.id == key.key).values(ip_ranges=["192.0.2.0/24"])
        await connection.execute(ranges)
    told = await why(api, brand.owner, brand.team, "CONTACTS_READ", key)
    assert told.step("KEY_ADDRESS")["effect"] == "NO_SAY"
    assert "192.0.2.0/24" in told.step("KEY_ADDRESS")["sentence"]
    assert told.decision == "ALLOWED"


async def test_a_key_that_does_not_work(api: Api, world: World, brand: Brand) -> None:
    revoked, expired, stopped = [await world.api_key(brand.team) for _ in range(3)]
    await revoke_key(world.database, revoked)
    await expire_key(world.database, expired)
    await made_by(world.database, stopped, await world.person(), WhenMakerLosesAccess.STOP)
    for key, reason in ((revoked, "was revoked on"), (expired, "expired on"), (stopped, "has stopped")):
        told = await why(api, brand.owner, brand.team, "CONTACTS_READ", key)
        assert reason in told.step("KEY_STATE")["sentence"]
        assert (told.decision, told.chain[0]) == ("DENIED", "KEY_STATE DENIES")


async def test_a_key_of_another_account(api: Api, world: World, brand: Brand) -> None:
    sibling = await world.account(brand.main, "Marketing US")
    key = await world.api_key(sibling)
    told = await why(api, brand.owner, brand.team, "CONTACTS_READ", key)
    assert told.chain[1] == "KEY_ACCOUNT DENIES"
    assert "Marketing US, which is neither Marketing UK nor above it" in told.step("KEY_ACCOUNT")["sentence"]


async def test_without_account_read_nothing_is_there(api: Api, world: World, brand: Brand) -> None:
    key = await world.api_key(brand.team, scopes=Permission.CONTACTS_READ.bit)
    told = await why(api, brand.owner, brand.team, "CONTACTS_READ", key)
    assert told.step("REACH")["effect"] == "DENIES"
    assert told.misses["ACCOUNT_READ is missing, without which the account is not visible."] is True


async def test_a_suspended_parent(api: Api, world: World, brand: Brand) -> None:
    await world.set_status(brand.main, AccountStatus.SUSPENDED)
    told = await why(api, brand.owner, brand.team, "CONTACTS_WRITE")
    assert told.step("ACCOUNT_STATUS")["effect"] == "DENIES"
    assert told.misses == {"Verdant Foods is suspended.": True}
    told = await why(api, brand.owner, brand.team, "CONTACTS_READ")
    assert told.step("ACCOUNT_STATUS") == {
        "kind": "ACCOUNT_STATUS",
        "effect": "NO_SAY",
        "sentence": "Verdant Foods is suspended, which leaves CONTACTS_READ.",
        "about": brand.main.id,
        "policyLine": None,
    }


async def test_nothing_helps_in_a_closed_account(api: Api, world: World, brand: Brand) -> None:
    analyst = await world.member(brand.team, BuiltinRole.ANALYST)
    await world.set_status(brand.team, AccountStatus.CLOSED)
    told = await why(api, brand.owner, brand.team, "CONTACTS_WRITE", analyst)
    assert (told.decision, told.misses, told.granters) == ("DENIED", {}, [])


async def test_what_ends_later_holds_now(api: Api, world: World, brand: Brand) -> None:
    """By the database's clock, not by there being an end."""
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    gina = await world.member(brand.team, BuiltinRole.MARKETER, expires_at=tomorrow)
    assert (await why(api, gina, brand.team, "CONTACTS_READ")).decision == "ALLOWED"


async def test_one_who_holds_several_things(api: Api, world: World, brand: Brand) -> None:
    """What allows it comes first, and what does not is told all the same."""
    person: Person = await world.person("Hugo")
    await world.member(brand.team, BuiltinRole.ANALYST, person)
    await world.member(brand.main, BuiltinRole.ADMINISTRATOR, person)
    told = await why(api, brand.owner, brand.team, "CONTACTS_READ", person)
    assert told.chain == [
        *["MEMBERSHIP ALLOWS", "ROLE NO_SAY", "TREE_LINK ALLOWS", "POLICY_LINE ALLOWS"],
        *["MEMBERSHIP ALLOWS", "ROLE NO_SAY", "POLICY_LINE DENIES"],
        "ACCOUNT_STATUS NO_SAY",
    ]
