"""Custom roles are no way around what one holds (N19): neither made, changed, passed down nor given."""

import dataclasses
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, parse
from tests.authz.cases.expectations import named
from tests.authz.cases.moments import PAST, expire_key
from tests.authz.escalation.gang import Gang
from tests.authz.escalation.gang_steps import SHAPE, Start, Step, StepKind
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.escalation.reach_model import CustomRights, Grant
from tests.authz.matrix.matrix_callers import once
from tests.client.api import Answer, Api
from tests.world.shares import Given, give_share
from tests.world.world import Account, ApiKey, CustomRole, Member, World

LEADER = CustomRights(
    named("ACCOUNT_READ ACCOUNT_WRITE SETTINGS_WRITE MEMBERS_WRITE ROLES_WRITE STATISTICS_READ")
)
"""Leads others in its account, and is nothing below it."""
NARROW = CustomRights(named("ACCOUNT_READ"))
READER = CustomRights(named("ACCOUNT_READ STATISTICS_READ"))
READER_BELOW = CustomRights(named("ACCOUNT_READ"), named("ACCOUNT_READ STATISTICS_READ"))

_CHANGE = Step(StepKind.CHANGE_ROLE, 0, 0, 1, BuiltinRole.ANALYST, None)
"""By the principal, of its fellow's role."""


async def _gang(
    api: Api, registry: World, role: BuiltinRole | CustomRights, fellow: Grant | None = None
) -> Gang:
    gang = Gang(registry, api, Start((Grant(0, role),), False, (False,) * len(SHAPE), fellow))
    await gang.set_up()
    return gang


@pytest.mark.parametrize(
    ("rights", "became"), [(READER, DONE), (READER_BELOW, "ROLE_TOO_WIDE"), (LEADER, DONE)]
)
async def test_a_role_gives_no_more_than_its_creator_holds(
    rights: CustomRights, became: str, api: Api, registry: World
) -> None:
    gang = await _gang(api, registry, LEADER)
    make = Step(StepKind.MAKE_ROLE, 0, 0, 0, BuiltinRole.ANALYST, None, rights=rights)
    assert await gang.take(make) == became
    assert await gang.gains() == []


@pytest.mark.parametrize(("place", "became"), [(0, DONE), (1, "ROLE_TOO_WIDE"), (2, "ROLE_TOO_WIDE")])
async def test_a_role_is_widened_by_who_holds_it_all_wherever_it_is_in_use(
    place: int, became: str, api: Api, registry: World
) -> None:
    """The fellow of an account below would get there what the principal holds only above."""
    gang = await _gang(api, registry, LEADER, Grant(place, NARROW))
    widen = dataclasses.replace(_CHANGE, rights=READER)
    assert await gang.take(widen) == became
    assert await gang.gains() == []
    administrators = await _gang(api, registry, BuiltinRole.ADMINISTRATOR, Grant(place, NARROW))
    own = dataclasses.replace(widen, target=0)  # an administrator's own role is built in
    assert await administrators.take(own) == DONE


@pytest.mark.parametrize(("place", "became"), [(0, DONE), (1, "ROLE_TOO_WIDE")])
async def test_a_role_is_narrowed_by_who_holds_it_all(
    place: int, became: str, api: Api, registry: World
) -> None:
    """What one does not hold one does not take from others."""
    gang = await _gang(api, registry, LEADER, Grant(place, READER))
    assert await gang.take(dataclasses.replace(_CHANGE, rights=NARROW)) == became


async def test_nobody_widens_his_own_role(api: Api, registry: World) -> None:
    gang = await _gang(api, registry, LEADER)
    more = CustomRights(LEADER.permissions | named("CREDIT_READ"))
    assert await gang.take(dataclasses.replace(_CHANGE, rights=more)) == "ROLE_TOO_WIDE"
    assert await gang.gains() == []


async def test_passing_all_roles_down_gives_no_more_than_is_held_below(api: Api, registry: World) -> None:
    """Else whoever may change settings would give himself below what he holds in the account."""
    pass_down = Step(StepKind.INHERIT, 0, 0, 0, BuiltinRole.ANALYST, None)
    setting_below = CustomRights(LEADER.permissions, named("ACCOUNT_READ SETTINGS_WRITE"))
    for role, became in ((LEADER, "FORBIDDEN SETTINGS_WRITE"), (setting_below, "ROLE_TOO_WIDE")):
        gang = await _gang(api, registry, role)
        assert await gang.take(pass_down) == became
        assert await gang.gains() == []
    whole = CustomRights(LEADER.permissions, LEADER.permissions)
    alone = await _gang(api, registry, whole)
    assert await alone.take(pass_down) == DONE
    assert await alone.gains() == []
    fellow = CustomRights(named("ACCOUNT_READ CREDIT_READ"))
    together = await _gang(api, registry, whole, Grant(0, fellow))
    assert await together.take(pass_down) == "ROLE_TOO_WIDE"


async def test_what_is_shared_is_not_passed_down(api: Api, world: World) -> None:
    """R34: so it holds nobody back who passes all roles down, and gives its guest nothing below."""
    main = await world.account()
    await world.account(main)
    held = " ".join(LEADER.permissions)
    leader = await world.member(main, await world.role(main, held, held))
    guest = await world.person()
    given = Given(await world.role(main, "ACCOUNT_READ CREDIT_READ"))
    await give_share(world, [main], guest, leader.person, given)
    values = {"accountId": main.id, "expectedVersion": 1, "rightsInheritance": "ALL_ROLES"}
    assert (await _ask(api, leader, "accountUpdate", **values))[0] == DONE
    seen = (await api.read("{ viewer { accounts { nodes { id viewerPermissions } } } }", guest))["viewer"]
    assert seen["accounts"]["nodes"] == [
        {"id": main.id, "viewerPermissions": ["ACCOUNT_READ", "CREDIT_READ"]}
    ]


def _key(answer: Answer) -> ApiKey:
    made = answer.data["apiKeyCreate"]
    key = parse(Kind.API_KEY, made["apiKey"]["id"])
    assert key is not None
    return ApiKey(key, made["secret"])


async def _ask(api: Api, caller: Member, name: str, /, **values: Any) -> tuple[str, Answer]:
    answer = await mutate(api, name, caller, values)
    return outcome(answer, name), answer


async def _use(api: Api, administrator: Member, account: Account, role: CustomRole, use: str) -> Answer:
    """The role given in the account by the administrator."""
    given = {"accountId": account.id, "roleId": role.id}
    offer = {"email": f"{once()}@example.com", "idempotencyKey": once()}
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "invitation": ("memberInvite", given | offer),
        "share": ("shareCreate", {"accountIds": [account.id], "roleId": role.id} | offer),
        "key": ("apiKeyCreate", given | {"name": "Robot"}),
    }
    name, values = ways[use]
    became, answer = await _ask(api, administrator, name, **values)
    assert became == DONE
    return answer


@pytest.mark.parametrize("use", ["invitation", "share", "ended share", "key", "ended key"])
async def test_what_is_offered_counts_as_in_use(use: str, api: Api, world: World) -> None:
    """An open invitation becomes a member, a key or share has the role, and an ended one may be woken up."""
    main = await world.account()
    branch = await world.account(main)
    administrator = await world.member(main, BuiltinRole.ADMINISTRATOR)
    leader = await world.member(main, await world.role(main, " ".join(LEADER.permissions)))
    role = await world.role(main)
    wider = {"roleId": role.id, "permissions": sorted(READER.permissions)}
    assert (await _ask(api, leader, "roleUpdate", **wider, expectedVersion=1))[0] == DONE
    if use == "ended share":
        ended = Given(role, expires_at=PAST)
        await give_share(world, [branch], await world.person(), administrator.person, ended)
    else:
        answer = await _use(api, administrator, branch, role, use.removeprefix("ended "))
        if use == "ended key":
            await expire_key(world.database, _key(answer))
    before = await world.state(main)
    for permissions in (["ACCOUNT_READ"], ["ACCOUNT_READ", "MEMBERS_WRITE"]):
        change = {"roleId": role.id, "permissions": permissions, "expectedVersion": 2}
        assert (await _ask(api, leader, "roleUpdate", **change))[0] == "ROLE_TOO_WIDE"
    assert (await _ask(api, leader, "roleDelete", roleId=role.id))[0] == "ROLE_TOO_WIDE"
    assert (await _ask(api, administrator, "roleDelete", roleId=role.id))[0] == "ROLE_IN_USE"
    assert await world.state(main) == before


async def test_the_refusal_says_what_is_missing(api: Api, world: World) -> None:
    main = await world.account()
    leader = await world.member(main, await world.role(main, " ".join(LEADER.permissions)))
    query = """mutation ($input: RoleCreateInput!) { roleCreate(input: $input) { role { id } userErrors {
      code field message ... on RoleTooWide { missing missingBelow } } } }"""
    wide = {"name": "Wide", "permissions": ["CREDIT_READ"], "permissionsBelow": ["PLAN_READ"]}
    before = await world.state(main)
    answer = await api.read(query, leader, input=wide | {"accountId": main.id})
    assert await world.state(main) == before
    assert answer["roleCreate"] == {
        "role": None,
        "userErrors": [
            {
                "code": "ROLE_TOO_WIDE",
                "field": ["input", "permissions"],
                "message": "Wide gives more than you hold: you lack CREDIT_READ here and ACCOUNT_READ, "
                "PLAN_READ below.",
                "missing": ["CREDIT_READ"],
                "missingBelow": ["ACCOUNT_READ", "PLAN_READ"],
            }
        ],
    }
