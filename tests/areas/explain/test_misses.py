"""What is said to be enough is enough, and who is said to be able to grant it can."""

from dataclasses import dataclass

import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission, mask_of
from models.accounts.tables import AccountStatus
from tests.areas.explain.asking import why
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, done
from tests.engine.statements import statements
from tests.world.shares import Given, give_share
from tests.world.world import Account, Member, World


@dataclass(frozen=True)
class Firm:
    """An account below a master account, with an owner above and an administrator of its own."""

    main: Account
    branch: Account
    owner: Member
    administrator: Member


@pytest.fixture
async def firm(world: World) -> Firm:
    """Nobody else is in it."""
    main = await world.account(name="Firm")
    branch = await world.account(main, "Branch")
    owner = await world.member(main, BuiltinRole.OWNER, await world.person("Olga"))
    administrator = await world.member(branch, BuiltinRole.ADMINISTRATOR, await world.person("Anna"))
    return Firm(main, branch, owner, administrator)


async def test_the_role_that_is_named_is_enough(api: Api, world: World, firm: Firm) -> None:
    """It is the narrowest that allows it."""
    ben = await world.member(firm.branch, BuiltinRole.ANALYST)
    for permission, role in (("CAMPAIGNS_SEND", "MARKETER"), ("PLAN_READ", "FINANCE")):
        told = await why(api, firm.owner, firm.branch, permission, ben)
        assert told.misses == {f"The role {role} in Branch would allow it.": True}
        assert told.data["nearestMisses"][0]["about"] == ROLE_IDS[BuiltinRole[role]]
        await done(api, "memberUpdate", firm.owner, memberId=ben.id, roleId=ROLE_IDS[BuiltinRole[role]])
        assert (await why(api, firm.owner, firm.branch, permission, ben)).decision == "ALLOWED"


async def test_what_is_held_from_above_only(api: Api, world: World, firm: Firm) -> None:
    told = await why(api, firm.owner, firm.branch, "ACCOUNT_SUSPEND", firm.administrator)
    assert told.misses == {"The role ADMINISTRATOR in Firm would allow it.": True}
    assert told.granters == ["Olga"]
    await world.member(firm.main, BuiltinRole.ADMINISTRATOR, firm.administrator.person)
    told = await why(api, firm.owner, firm.branch, "ACCOUNT_SUSPEND", firm.administrator)
    assert told.decision == "ALLOWED"


async def test_two_things_are_not_enough_each(api: Api, world: World, firm: Firm) -> None:
    ben = await world.member(firm.branch, BuiltinRole.ANALYST)
    await world.set_status(firm.branch, AccountStatus.SUSPENDED)
    told = await why(api, firm.owner, firm.branch, "CONTACTS_WRITE", ben)
    assert told.misses == {
        "Branch is suspended.": False,
        "The role MARKETER in Branch would allow it.": False,
    }
    await done(api, "accountResume", firm.owner, accountId=firm.branch.id)
    told = await why(api, firm.owner, firm.branch, "CONTACTS_WRITE", ben)
    assert told.misses == {"The role MARKETER in Branch would allow it.": True}


async def test_two_suspended_accounts_are_not_enough_each(api: Api, world: World, firm: Firm) -> None:
    for account in (firm.main, firm.branch):
        await world.set_status(account, AccountStatus.SUSPENDED)
    told = await why(api, firm.owner, firm.branch, "CONTACTS_WRITE")
    assert told.misses == {"Branch is suspended.": False, "Firm is suspended.": False}


async def test_the_scope_that_is_missing_is_enough(api: Api, world: World, firm: Firm) -> None:
    key = await world.api_key(firm.branch, scopes=Permission.ACCOUNT_READ.bit)
    told = await why(api, firm.owner, firm.branch, "CONTACTS_READ", key)
    (scope,) = (text for text in told.misses if "leave CONTACTS_READ out" in text)
    assert told.misses[scope] is True
    assert told.granters == ["Anna", "Olga"]
    wider = {"apiKeyId": key.id, "expectedVersion": 1, "permissions": ["ACCOUNT_READ", "CONTACTS_READ"]}
    await done(api, "apiKeyUpdate", firm.owner, **wider)
    assert (await why(api, firm.owner, firm.branch, "CONTACTS_READ", key)).decision == "ALLOWED"


async def test_a_key_without_its_role_needs_another_key(api: Api, world: World, firm: Firm) -> None:
    key = await world.api_key(firm.branch, BuiltinRole.ANALYST)
    told = await why(api, firm.owner, firm.branch, "CREDIT_READ", key)
    assert told.misses == {"A key of Branch with the role FINANCE would be allowed it.": True}
    told = await why(api, firm.owner, firm.branch, "ACCOUNT_TRANSFER", key)
    assert told.misses == {}


async def test_the_area_that_is_hidden_is_enough(api: Api, world: World, firm: Firm) -> None:
    guest = await world.person()
    hidden = Given(BuiltinRole.MARKETER, hidden=[Area.CONTACTS])
    share = await give_share(world, [firm.branch], guest, firm.owner.person, hidden)
    told = await why(api, firm.owner, firm.branch, "CONTACTS_READ", guest)
    assert told.misses["The area CONTACTS is hidden by the share."] is True
    whole = {"accountIds": [firm.branch.id], "roleId": ROLE_IDS[BuiltinRole.MARKETER], "hiddenAreas": []}
    await done(api, "shareUpdate", firm.owner, shareId=share.id, expectedVersion=1, **whole)
    assert (await why(api, firm.owner, firm.branch, "CONTACTS_READ", guest)).decision == "ALLOWED"


async def test_granters_manage_members_and_hold_it_themselves(api: Api, world: World, firm: Firm) -> None:
    """Not who lacks either, nor a guest: nothing is given by a share."""
    for text in ("ACCOUNT_READ MEMBERS_READ MEMBERS_WRITE", "ACCOUNT_READ CREDIT_READ"):
        await world.member(firm.branch, await world.role(firm.branch, text))
    guest, blind = await world.person("Gast"), await world.person("Blind")
    for person, hidden in ((guest, []), (blind, [Area.CREDIT])):
        given = Given(BuiltinRole.ADMINISTRATOR, hidden=hidden)
        await give_share(world, [firm.branch], person, firm.owner.person, given)
    analyst = await world.member(firm.branch, BuiltinRole.ANALYST)
    told = await why(api, firm.owner, firm.branch, "CREDIT_READ", analyst)
    assert told.granters == ["Anna", "Olga"]
    assert told.data["canBeGrantedBy"]["totalCount"] == 2
    told = await why(api, firm.owner, firm.branch, "ACCOUNT_TRANSFER", analyst)
    assert told.granters == ["Olga"]


async def test_no_more_than_ten_granters_are_named(api: Api, world: World, firm: Firm) -> None:
    for number in range(10):
        person = await world.person(f"Manager {number}")
        await world.member(firm.branch, BuiltinRole.ADMINISTRATOR, person)
    analyst = await world.member(firm.branch, BuiltinRole.ANALYST)
    told = await why(api, firm.owner, firm.branch, "CREDIT_READ", analyst)
    assert told.granters == ["Anna", *(f"Manager {number}" for number in range(9))]
    assert told.data["canBeGrantedBy"]["totalCount"] == 12


async def test_who_is_many_costs_no_more_statements(api: Api, world: World, firm: Firm) -> None:
    analyst = await world.member(firm.branch, BuiltinRole.ANALYST)
    counts = []
    for _ in range(2):
        with statements() as sent:
            await why(api, firm.owner, firm.branch, "CREDIT_READ", analyst)
        counts.append(len(sent))
        for _ in range(5):
            await world.member(firm.branch, BuiltinRole.ADMINISTRATOR)
            await world.member(firm.main, BuiltinRole.MARKETER)
    assert counts[0] == counts[1] <= 20


async def test_nobody_grants_in_a_suspended_account(api: Api, world: World, firm: Firm) -> None:
    analyst = await world.member(firm.branch, BuiltinRole.ANALYST)
    await world.set_status(firm.branch, AccountStatus.SUSPENDED)
    assert (await why(api, firm.owner, firm.branch, "CREDIT_READ", analyst)).granters == []


async def test_granters_are_for_who_may_see_members(api: Api, world: World, firm: Firm) -> None:
    scopes = mask_of({Permission.ACCOUNT_READ, Permission.API_KEYS_READ})
    narrow = await world.api_key(firm.branch, scopes=scopes)
    told = await why(
        api, narrow, firm.branch, "CREDIT_READ", await world.api_key(firm.branch, BuiltinRole.ANALYST)
    )
    assert (told.decision, told.granters) == ("DENIED", None)


async def test_keys_from_the_master_account_alone(api: Api, world: World, firm: Firm) -> None:
    """Who may not change a key there grants nothing (R13)."""
    key = await world.api_key(firm.branch, BuiltinRole.ANALYST)
    of_main = await world.api_key(firm.main, BuiltinRole.ANALYST)
    assert (await why(api, firm.owner, firm.branch, "CREDIT_READ", key)).granters == ["Anna", "Olga"]
    setting = {"accountId": firm.main.id, "expectedVersion": 1, "apiKeyCreation": "MASTER_ONLY"}
    await done(api, "accountUpdate", firm.owner, **setting)
    assert (await why(api, firm.owner, firm.branch, "CREDIT_READ", key)).granters == ["Olga"]
    assert (await why(api, firm.owner, firm.main, "CREDIT_READ", of_main)).granters == ["Olga"]
    person = await world.member(firm.branch, BuiltinRole.ANALYST)
    assert (await why(api, firm.owner, firm.branch, "CREDIT_READ", person)).granters == ["Anna", "Olga"]
