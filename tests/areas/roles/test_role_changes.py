"""Custom roles: made, given, changed and deleted, each felt by the next request."""

import unicodedata
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, RightsInheritance
from tests.areas.effects.log import events_of, mail_to
from tests.areas.roles.custom_roles import ROLE, as_made, listed, made_role
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, Token, attempt, code_of, done
from tests.world.world import Account, Member, World

_HELD = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"


async def _held(api: Api, caller: Caller, account: Account) -> list[str] | None:
    """What the caller may do in the account; None: it is not there."""
    answer = await api.ask(_HELD, caller, id=account.id)
    found: list[str] | None = (answer.data["account"] or {}).get("viewerPermissions")
    return found


@pytest.fixture
async def main(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def owner(world: World, main: Account) -> Member:
    return await world.member(main, BuiltinRole.OWNER)


async def test_a_role_is_lines_and_masks(api: Api, main: Account, owner: Member) -> None:
    role = await made_role(
        api,
        owner,
        name=" Editor ",
        description=" Edits. ",
        permissions=["CONTACTS_WRITE", "CONTACTS_READ", "CONTACTS_READ"],
        permissionsBelow=["CONTACTS_READ"],
    )
    assert (role["name"], role["description"], role["version"]) == ("Editor", "Edits.", 1)
    assert (role["builtIn"], role["account"]) == (False, {"id": main.id})
    both = ["ACCOUNT_READ", "CONTACTS_READ", "CONTACTS_WRITE"]
    assert role["permissions"] == both
    assert role["permissionsBelow"] == ["ACCOUNT_READ", "CONTACTS_READ"]
    assert role["permissionsInherited"] == both
    lines = [tuple(line.values()) for line in role["policyLines"]]
    assert lines == [
        ("ANCESTOR", "ACCOUNT", "READ", "ALLOW"),
        ("ANCESTOR", "CONTACTS", "READ", "ALLOW"),
        ("INHERITED", "CONTACTS", "WRITE", "ALLOW"),
        ("MEMBER", "ACCOUNT", "READ", "ALLOW"),
        ("MEMBER", "CONTACTS", "READ", "ALLOW"),
        ("MEMBER", "CONTACTS", "WRITE", "ALLOW"),
    ]


async def test_a_built_in_role_shows_its_lines_too(api: Api, owner: Member) -> None:
    query = (
        "query ($id: ID!) { node(id: $id) { ... on Role { name builtIn version account { id } "
        "policyLines { relation area action effect } } } }"
    )
    role = (await api.read(query, owner, id=ROLE_IDS[BuiltinRole.ADMINISTRATOR]))["node"]
    assert (role["name"], role["builtIn"], role["account"]) == ("ADMINISTRATOR", True, None)
    assert {"relation": "MEMBER", "area": "ACCOUNT", "action": "CLOSE", "effect": "DENY"} in role[
        "policyLines"
    ]


async def test_what_a_role_gives_changes_with_it(
    api: Api, world: World, main: Account, owner: Member
) -> None:
    """For a member and for a key, in the account and below, from the next request on."""
    branch = await world.account(main)
    role = await made_role(api, owner, permissions=["CONTACTS_READ", "PLAN_READ"])
    invited = await world.person()
    offer = {"accountId": main.id, "email": invited.email, "roleId": role["id"], "idempotencyKey": "1"}
    await done(api, "memberInvite", owner, **offer)
    token = (await mail_to(world.database, invited.email)).token
    await done(api, "invitationAccept", invited, token=token)
    new = {"accountId": main.id, "name": "Robot", "roleId": role["id"]}
    key = Token((await done(api, "apiKeyCreate", owner, "secret", **new))["secret"])
    for caller in (invited, key):
        assert await _held(api, caller, main) == ["ACCOUNT_READ", "PLAN_READ", "CONTACTS_READ"]
        assert await _held(api, caller, branch) is None
    change = {"permissions": ["CONTACTS_READ", "STATISTICS_READ"], "permissionsBelow": ["CONTACTS_READ"]}
    updated = await done(api, "roleUpdate", owner, ROLE, roleId=role["id"], expectedVersion=1, **change)
    assert updated["role"]["version"] == 2
    assert await _held(api, invited, main) == ["ACCOUNT_READ", "CONTACTS_READ", "STATISTICS_READ"]
    # What the key was made with is the most that it ever holds.
    assert await _held(api, key, main) == ["ACCOUNT_READ", "CONTACTS_READ"]
    for caller in (invited, key):
        assert await _held(api, caller, branch) == ["ACCOUNT_READ", "CONTACTS_READ"]
    await world.set_inheritance(main, RightsInheritance.ALL_ROLES)
    assert await _held(api, invited, branch) == ["ACCOUNT_READ", "CONTACTS_READ", "STATISTICS_READ"]


async def test_what_is_left_out_stays(api: Api, main: Account, owner: Member) -> None:
    role = await made_role(api, owner, description="Edits.", permissionsBelow=["PLAN_READ"])
    change = {"roleId": role["id"], "expectedVersion": 1}
    same = await done(api, "roleUpdate", owner, ROLE, **change)
    assert same["role"] == role
    assert len(await events_of(api, owner, main.id)) == 1
    renamed = await done(api, "roleUpdate", owner, ROLE, **change, name="Reader", description="")
    assert renamed["role"] == role | {"name": "Reader", "description": "", "version": 2}
    below = await done(
        api, "roleUpdate", owner, ROLE, roleId=role["id"], expectedVersion=2, permissionsBelow=[]
    )
    assert (below["role"]["permissions"], below["role"]["permissionsBelow"]) == (role["permissions"], [])


async def test_names_are_unique_as_far_as_they_can_be_given(
    api: Api, world: World, main: Account, owner: Member
) -> None:
    await made_role(api, owner, name="Ärger")
    other = await made_role(api, owner, name="Other")
    before = await world.state(main)
    new = {"accountId": main.id, "permissions": ["PLAN_READ"]}
    for name in ("ärger", " ÄRGER ", "A\u0308rger", "analyst", "Owner", "ＯＷＮＥＲ", "0wner"):
        for field, values in (
            ("roleCreate", new | {"name": name}),
            ("roleUpdate", {"roleId": other["id"], "expectedVersion": 1, "name": name}),
        ):
            refused = await attempt(api, field, owner, **values)
            assert refused.code == "CONFLICT", name
            assert refused.user_error is not None
            assert refused.user_error["field"] == ["input", "name"]
    assert await world.state(main) == before
    own = {"roleId": other["id"], "expectedVersion": 1, "name": "OTHER"}
    assert await code_of(api, "roleUpdate", owner, **own) == ""
    branch, sibling = await world.account(main), await world.account(main)
    below = new | {"accountId": branch.id}
    assert await code_of(api, "roleCreate", owner, **(below | {"name": "ärger"})) == "CONFLICT"
    for account in (branch, sibling, main):
        assert (
            await code_of(api, "roleCreate", owner, **(new | {"accountId": account.id, "name": "Chef"})) == ""
        )
    made = await made_role(api, owner, accountId=sibling.id, name="Guest")
    change = {"roleId": made["id"], "expectedVersion": 1}
    await done(api, "roleCreate", owner, **(new | {"name": "Guest"}))
    assert (
        await code_of(api, "roleUpdate", owner, **change, description="A name that is kept is not asked for.")
        == ""
    )


CONFUSABLE = [
    "OWNER\u200b",
    "OW\u00adNER",
    "\u2060Admin",
    "x\u200fy",
    "x\u3164",
    "ОWNER",
    "Аdministrator",
    "a\u200db",
]

REAL_NAMES = [
    "Rédacteur en chef",
    "Bücher & Medien",
    "Người quản lý",
    "Łódź",
    "Менеджер SMS",
    "SMS-менеджер",
    "Διαχειριστής",
    "مدير الحساب",
    "پشتیبانی\u200cها",
    "מנהל",
    "हिन्दी संपादक",
    "श्र\u094d\u200dम",
    "র\u200d্যাব",
    "ശ്രീ",
    "ශ්\u200dරී",
    "ผู้ดูแลระบบ",
    "管理者",
    "メールSMS担当",
    "편집자 API",
    "ქართული",
    "አማርኛ",
    "ខ្មែរ",
    "👩\u200d💻 Développeur",
    "❤\ufe0f Team",
    "L’équipe n° 5",
]


async def test_names_that_give_rights_hide_nothing(
    api: Api, world: World, main: Account, owner: Member
) -> None:
    """Invisible letters and letters of two scripts in one word; for keys as for roles."""
    before = await world.state(main)
    for name in CONFUSABLE:
        new = {"accountId": main.id, "name": name}
        for field, values in (
            ("roleCreate", new | {"permissions": ["PLAN_READ"]}),
            ("apiKeyCreate", new | {"roleId": ROLE_IDS[BuiltinRole.ANALYST]}),
        ):
            refused = await attempt(api, field, owner, **values)
            assert (refused.code, name) == ("BAD_USER_INPUT", name)
            assert refused.user_error is not None
            assert refused.user_error["field"] == ["input", "name"]
    assert await world.state(main) == before


async def test_names_of_roles_in_every_script(api: Api, owner: Member) -> None:
    for name in REAL_NAMES:
        assert (await made_role(api, owner, name=name))["name"] == unicodedata.normalize("NFC", name)
    wide = await made_role(api, owner, name="営業\u3000\u00a0部")
    assert wide["name"] == "営業 部"


async def test_roles_are_listed_by_the_alphabet(api: Api, main: Account, owner: Member) -> None:
    for name in ("Zoo", "äpfel", "zebra", "Apfel", "Éditeur"):
        await made_role(api, owner, name=name)
    query = (
        "query ($id: ID!, $after: String) { account(id: $id) { roles(first: 3, after: $after) "
        "{ nodes { name } pageInfo { endCursor hasNextPage } } } }"
    )
    names: list[str] = []
    after: str | None = None
    more = True
    while more:
        page = (await api.read(query, owner, id=main.id, after=after))["account"]["roles"]
        names += [node["name"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    by_hand = [
        "ADMINISTRATOR",
        "ANALYST",
        "Apfel",
        "äpfel",
        "DEVELOPER",
        "Éditeur",
        "FINANCE",
        "MARKETER",
        "OWNER",
    ]
    assert names == [*by_hand, "zebra", "Zoo"]


async def test_a_version_that_is_not_the_latest_is_refused(
    api: Api, world: World, main: Account, owner: Member
) -> None:
    role = await made_role(api, owner)
    await done(api, "roleUpdate", owner, roleId=role["id"], expectedVersion=1, name="Reader")
    before = await world.state(main)
    refused = await attempt(api, "roleUpdate", owner, roleId=role["id"], expectedVersion=1, name="Late")
    assert refused.code == "CONFLICT"
    assert refused.user_error is not None
    assert (refused.user_error["__typename"], refused.user_error["currentVersion"]) == ("VersionConflict", 2)
    assert await world.state(main) == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"permissions": []}, "permissions"),
        ({"permissions": ["ACCOUNT_SUSPEND"]}, "permissions"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"description": "x" * 201}, "description"),
    ],
)
async def test_a_role_that_makes_no_sense_is_refused(
    wrong: dict[str, Any], field: str, api: Api, world: World, main: Account, owner: Member
) -> None:
    above = await world.member(main, BuiltinRole.ADMINISTRATOR)
    branch = await world.account(main)
    right = {"accountId": branch.id, "name": "Editor", "permissions": ["PLAN_READ"]}
    role = (await done(api, "roleCreate", above, "role { id }", **right))["role"]
    before = await world.state(main)
    change = {"roleId": role["id"], "expectedVersion": 1} | wrong
    for refused in (
        await attempt(api, "roleCreate", above, **(right | {"name": "Other"} | wrong)),
        await attempt(api, "roleUpdate", above, **change),
    ):
        assert refused.code == "BAD_USER_INPUT"
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", field]
    assert await world.state(main) == before


async def test_a_role_may_give_only_what_lies_below(
    api: Api, world: World, main: Account, owner: Member
) -> None:
    """Whoever looks after the branches need not see the main account."""
    branch = await world.account(main)
    role = await made_role(
        api, owner, permissions=[], permissionsBelow=["STATISTICS_READ", "ACCOUNT_SUSPEND"]
    )
    member = await world.member(main, as_made(role))
    assert await _held(api, member, main) is None
    assert await _held(api, member, branch) == ["ACCOUNT_READ", "ACCOUNT_SUSPEND", "STATISTICS_READ"]


async def test_built_in_roles_are_not_changed(api: Api, world: World, main: Account, owner: Member) -> None:
    before = await world.state(main)
    for role in BuiltinRole:
        for field, values in (("roleUpdate", {"expectedVersion": 1, "name": "Mine"}), ("roleDelete", {})):
            refused = await attempt(api, field, owner, roleId=ROLE_IDS[role], **values)
            assert refused.code == "BAD_USER_INPUT"
    assert await world.state(main) == before


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.CLOSED])
async def test_roles_of_an_account_that_is_not_active_stay(
    status: AccountStatus, api: Api, world: World, main: Account, owner: Member
) -> None:
    """Also where it is an account above that is not."""
    branch = await world.account(main)
    roles = [await world.role(main), await world.role(branch)]
    await world.set_status(main, status)
    before = await world.state(main)
    for place, role in zip((main, branch), roles, strict=True):
        new = {"accountId": place.id, "name": "New", "permissions": ["PLAN_READ"]}
        for field, values in (
            ("roleCreate", new),
            ("roleUpdate", {"roleId": role.id, "expectedVersion": 1, "name": "New"}),
        ):
            assert await code_of(api, field, owner, **values) == f"ACCOUNT_{status.value}"
    assert await world.state(main) == before
    assert set(await listed(api, owner, branch)) == {role.id for role in roles}


async def test_the_log_tells_what_was_changed(api: Api, main: Account, owner: Member) -> None:
    role = await made_role(api, owner, permissionsBelow=["PLAN_READ"])
    change = {"name": "Reader", "permissionsBelow": []}
    await done(api, "roleUpdate", owner, roleId=role["id"], expectedVersion=1, **change)
    deleted = await done(api, "roleDelete", owner, "removedRoleId", roleId=role["id"])
    assert deleted["removedRoleId"] == role["id"]
    events = await events_of(api, owner, main.id)
    permissions, below = ["ACCOUNT_READ", "CONTACTS_READ"], ["ACCOUNT_READ", "PLAN_READ"]
    first = {"name": "Editor", "description": "", "permissions": permissions, "permissionsBelow": below}
    assert [(event["type"], event["before"], event["after"]) for event in events] == [
        ("ROLE_DELETED", first | {"name": "Reader", "permissionsBelow": []}, None),
        (
            "ROLE_UPDATED",
            {"name": "Editor", "permissionsBelow": below},
            {"name": "Reader", "permissionsBelow": []},
        ),
        ("ROLE_CREATED", None, first),
    ]
    assert {event["subjectId"] for event in events} == {role["id"]}
