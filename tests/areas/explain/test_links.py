"""What passes the links of a tree, and broken glass: what is told of them, and whom it is told (N1, N3)."""

import datetime
import json
from dataclasses import dataclass

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.areas.explain.asking import ask, why
from tests.authz.cases.moments import PAST, expire_member
from tests.client.api import Api
from tests.client.links import break_glass, set_parent_access
from tests.client.mutations import done
from tests.world.world import Account, Member, World

Moment = datetime.datetime | None


@dataclass(frozen=True)
class Agency:
    """An agency with an administrator, and its client the hotel with an owner and a spa below it."""

    top: Account
    hotel: Account
    spa: Account
    boss: Member
    hotelier: Member


@pytest.fixture
async def agency(world: World) -> Agency:
    """Everything passes."""
    top = await world.account(name="Northlight")
    hotel = await world.account(top, "Hotel")
    spa = await world.account(hotel, "Spa")
    boss = await world.member(top, BuiltinRole.ADMINISTRATOR, await world.person("Boss"))
    hotelier = await world.member(hotel, BuiltinRole.OWNER, await world.person("Hanna"))
    return Agency(top, hotel, spa, boss, hotelier)


RAISE = "The owners of Hotel can raise its parentAccess, so that {} passes."
RAISE_SPA = "The owners of Spa can raise its parentAccess, so that CREDIT_READ passes."
BREAK = "Boss can open Hotel by break-glass: its parentAccess is BREAK_GLASS."


async def test_a_link_that_lets_reads_pass(api: Api, world: World, agency: Agency) -> None:
    await set_parent_access(world, agency.hotel, ParentAccess.READ_ONLY)
    told = await why(api, agency.boss, agency.spa, "CONTACTS_READ")
    assert told.decision == "ALLOWED"
    assert told.chain[2:5] == ["TREE_LINK ALLOWS", "PARENT_ACCESS ALLOWS", "POLICY_LINE ALLOWS"]
    assert told.step("PARENT_ACCESS") == {
        "kind": "PARENT_ACCESS",
        "effect": "ALLOWS",
        "sentence": "The parentAccess of Hotel is READ_ONLY, which lets CONTACTS_READ pass.",
        "about": agency.hotel.id,
        "policyLine": None,
    }
    told = await why(api, agency.boss, agency.spa, "CONTACTS_WRITE")
    assert (told.decision, told.step("PARENT_ACCESS")["effect"]) == ("DENIED", "DENIES")
    sentence = "The parentAccess of Hotel is READ_ONLY, which keeps CONTACTS_WRITE from passing."
    assert told.step("PARENT_ACCESS")["sentence"] == sentence
    assert told.misses[RAISE.format("CONTACTS_WRITE")] is True
    raised = {"parentAccess": "FULL", "reason": "Trust"}
    await done(
        api, "parentAccessUpdate", agency.hotelier, accountId=agency.hotel.id, expectedVersion=1, **raised
    )
    told = await why(api, agency.boss, agency.spa, "CONTACTS_WRITE")
    assert (told.decision, [step for step in told.chain if "PARENT" in step]) == ("ALLOWED", [])


async def test_a_key_above_is_kept_back_too(api: Api, world: World, agency: Agency) -> None:
    """No key of the agency helps, whatever its role, and no key breaks glass."""
    key = await world.api_key(agency.top)
    for mode in (ParentAccess.NONE, ParentAccess.BREAK_GLASS):
        await set_parent_access(world, agency.hotel, mode)
        told = await why(api, agency.boss, agency.hotel, "CONTACTS_READ", key)
        assert told.chain[3:5] == ["TREE_LINK ALLOWS", "PARENT_ACCESS DENIES"]
        assert told.misses == {RAISE.format("CONTACTS_READ"): True}
    assert (await why(api, agency.boss, agency.hotel, "ACCOUNT_SUSPEND", key)).decision == "ALLOWED"


async def test_glass_that_can_be_broken(api: Api, world: World, agency: Agency) -> None:
    await set_parent_access(world, agency.hotel, ParentAccess.BREAK_GLASS)
    told = await why(api, agency.hotelier, agency.spa, "CONTACTS_WRITE", agency.boss.person)
    assert told.decision == "DENIED"
    assert told.misses[BREAK] is True
    opened = {"accountId": agency.hotel.id, "reason": "Fire", "hours": 1}
    await done(api, "breakGlassOpen", agency.boss, **opened)
    told = await why(api, agency.hotelier, agency.spa, "CONTACTS_WRITE", agency.boss.person)
    assert told.decision == "ALLOWED"
    assert told.chain[:5] == [
        *["BREAK_GLASS ALLOWS", "MEMBERSHIP ALLOWS", "ROLE NO_SAY", "TREE_LINK ALLOWS"],
        "POLICY_LINE ALLOWS",
    ]
    assert told.step("BREAK_GLASS")["sentence"] == "Boss opened Hotel by break-glass."
    assert told.step("BREAK_GLASS")["about"].startswith("glas_")
    assert "PARENT_ACCESS DENIES" in told.chain


async def test_broken_glass_leaves_the_other_links(api: Api, world: World, agency: Agency) -> None:
    """Where two are closed, no glass is enough: each opening gives what passes the other link."""
    for account in (agency.hotel, agency.spa):
        await set_parent_access(world, account, ParentAccess.BREAK_GLASS)
    told = await why(api, agency.boss, agency.spa, "CREDIT_READ")
    narrowest = {"The role FINANCE in Spa would allow it.": True}
    assert told.misses == {RAISE.format("CREDIT_READ"): False, RAISE_SPA: False, **narrowest}
    await break_glass(world, agency.hotel, agency.boss.person)
    told = await why(api, agency.boss, agency.spa, "CREDIT_READ")
    assert told.misses == {RAISE_SPA: True, **narrowest}
    await break_glass(world, agency.spa, agency.boss.person)
    told = await why(api, agency.boss, agency.spa, "CREDIT_READ")
    assert told.misses == {RAISE.format("CREDIT_READ"): True, RAISE_SPA: True, **narrowest}
    await set_parent_access(world, agency.spa, ParentAccess.FULL)
    assert (await why(api, agency.boss, agency.spa, "CREDIT_READ")).decision == "ALLOWED"


@pytest.mark.parametrize(
    ("ended_at", "expires_at", "told"),
    [
        (PAST, None, "was ended on 2020-01-01 at 00:00 UTC."),
        (None, PAST, "expired on 2020-01-01 at 00:00 UTC."),
    ],
    ids=["ended", "expired"],
)
async def test_glass_that_is_whole_again(
    api: Api, world: World, agency: Agency, ended_at: Moment, expires_at: Moment, told: str
) -> None:
    await set_parent_access(world, agency.hotel, ParentAccess.BREAK_GLASS)
    opening = await break_glass(world, agency.hotel, agency.boss.person, expires_at, ended_at)
    found = await why(api, agency.hotelier, agency.hotel, "CREDIT_READ", agency.boss.person)
    assert found.step("BREAK_GLASS")["about"] == opening.id
    assert found.misses[f"The break-glass of Hotel by Boss {told}"] is True
    assert found.misses[BREAK] is True
    again = await break_glass(world, agency.hotel, agency.boss.person)
    found = await why(api, agency.hotelier, agency.hotel, "CREDIT_READ", agency.boss.person)
    assert (found.decision, found.step("BREAK_GLASS")["about"]) == ("ALLOWED", again.id)


async def test_glass_without_anything_behind_it(api: Api, world: World, agency: Agency) -> None:
    """The mode was changed since, or the membership above is no more."""
    await set_parent_access(world, agency.hotel, ParentAccess.NONE)
    await break_glass(world, agency.hotel, agency.boss.person)
    told = await why(api, agency.boss, agency.hotel, "CREDIT_READ")
    sentence = "Hotel cannot be opened by break-glass now: its parentAccess has changed."
    assert sentence in [step["sentence"] for step in told.data["steps"]]
    assert told.misses[RAISE.format("CREDIT_READ")] is True
    assert sentence not in told.misses
    await set_parent_access(world, agency.hotel, ParentAccess.BREAK_GLASS)
    assert (await why(api, agency.boss, agency.hotel, "CREDIT_READ")).decision == "ALLOWED"
    await world.member(agency.hotel, BuiltinRole.ANALYST, agency.boss.person)
    await expire_member(world.database, agency.boss)
    told = await why(api, agency.hotelier, agency.hotel, "CREDIT_READ", agency.boss.person)
    assert "Nothing that Boss holds above Hotel reaches down to it." in [
        step["sentence"] for step in told.data["steps"]
    ]
    assert told.misses == {"The role FINANCE in Hotel would allow it.": True}


async def test_who_broke_the_glass_grants_nothing(api: Api, world: World, agency: Agency) -> None:
    """What is held by broken glass alone cannot be passed on (N19)."""
    analyst = await world.member(agency.hotel, BuiltinRole.ANALYST)
    assert (await why(api, agency.hotelier, agency.hotel, "CREDIT_READ", analyst)).granters == [
        "Boss",
        "Hanna",
    ]
    await set_parent_access(world, agency.hotel, ParentAccess.BREAK_GLASS)
    await break_glass(world, agency.hotel, agency.boss.person)
    told = await why(api, agency.boss, agency.hotel, "CREDIT_READ", analyst)
    assert told.granters == ["Hanna"]


async def test_broken_glass_is_told_to_who_may_see_the_log(api: Api, world: World, agency: Agency) -> None:
    """Without it, where it lets somebody in; and it makes nobody known who is not among the members."""
    await set_parent_access(world, agency.hotel, ParentAccess.BREAK_GLASS)
    await break_glass(world, agency.hotel, agency.boss.person)
    reader = await world.member(agency.hotel, await world.role(agency.hotel, "ACCOUNT_READ MEMBERS_READ"))
    told = await why(api, reader, agency.hotel, "CREDIT_READ", agency.boss.person)
    assert (told.decision, told.step("BREAK_GLASS")["about"]) == ("ALLOWED", None)
    gone = await world.member(agency.top, BuiltinRole.ADMINISTRATOR)
    await expire_member(world.database, gone)
    await break_glass(world, agency.hotel, gone.person)
    for asker in (reader, agency.hotelier):
        answer = await ask(api, asker, agency.hotel.id, "CREDIT_READ", gone.person.id)
        assert answer.codes == ["NOT_FOUND"]
    late = await world.member(agency.top, BuiltinRole.ADMINISTRATOR)
    await break_glass(world, agency.hotel, late.person, ended_at=PAST)
    assert "BREAK_GLASS" not in str((await why(api, reader, agency.hotel, "CREDIT_READ", late.person)).chain)
    to_owner = await why(api, agency.hotelier, agency.hotel, "CREDIT_READ", late.person)
    assert "BREAK_GLASS DENIES" in to_owner.chain


async def test_accounts_above_that_keep_it_back_are_not_counted(
    api: Api, world: World, agency: Agency
) -> None:
    """Nor named, nor is their mode told (R21)."""
    masseur = await world.member(agency.spa, BuiltinRole.ADMINISTRATOR, await world.person("Mia"))
    middle = await world.account(agency.spa, "Sauna")
    attendant = await world.member(middle, BuiltinRole.ADMINISTRATOR)
    for account in (agency.hotel, agency.spa):
        await set_parent_access(world, account, ParentAccess.BREAK_GLASS)
    told = await why(api, attendant, middle, "CREDIT_READ", agency.boss.person)
    step = told.step("PARENT_ACCESS")
    assert (step["sentence"], step["about"]) == (
        "The parentAccess of an account above keeps CREDIT_READ from passing.",
        None,
    )
    remedy = "The owners of an account above can raise its parentAccess, so that CREDIT_READ passes."
    assert told.misses[remedy] is False
    text = json.dumps(told.data)
    assert not [name for name in ("Northlight", "Hotel", "Spa", "BREAK_GLASS") if name in text]
    named = await why(api, masseur, agency.spa, "CREDIT_READ", agency.boss.person)
    assert sorted(str(step["about"]) for step in named.data["steps"] if step["kind"] == "PARENT_ACCESS") == [
        "None",
        agency.spa.id,
    ]
