"""Changing accounts: their settings and their status."""

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import RightsInheritance
from tests.areas.effects.log import events_of, last_event, mail_to
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Token, attempt, code_of, done
from tests.world.world import Account, Member, World

_CHANGED = "account { id name externalId rightsInheritance version status ownStatus }"
_STATUS = "query ($id: ID!) { account(id: $id) { status ownStatus viewerPermissions } }"


async def _reason(api: Api, caller: Member, account: Account) -> str | None:
    """Of the account's last event."""
    query = "query ($id: ID!) { account(id: $id) { events(first: 1) { nodes { reason } } } }"
    (event,) = (await api.read(query, caller, id=account.id))["account"]["events"]["nodes"]
    reason: str | None = event["reason"]
    return reason


async def test_what_is_left_out_stays(api: Api, world: World) -> None:
    parent = await world.account()
    account = await world.account(parent, name="Before")
    owner = await world.member(parent, BuiltinRole.OWNER)
    target = {"accountId": account.id}
    named = await done(
        api, "accountUpdate", owner, _CHANGED, **target, expectedVersion=1, name="After", externalId="crm-1"
    )
    settings = await done(
        api, "accountUpdate", owner, _CHANGED, **target, expectedVersion=2, rightsInheritance="ALL_ROLES"
    )
    cleared = await done(api, "accountUpdate", owner, _CHANGED, **target, expectedVersion=3, externalId=None)
    state = {"id": account.id, "status": "ACTIVE", "ownStatus": "ACTIVE", "name": "After"}
    of_administrators = RightsInheritance.ADMINISTRATORS.value
    assert named["account"] == state | {
        "externalId": "crm-1",
        "rightsInheritance": of_administrators,
        "version": 2,
    }
    assert settings["account"] == state | {
        "externalId": "crm-1",
        "rightsInheritance": "ALL_ROLES",
        "version": 3,
    }
    assert cleared["account"] == state | {"externalId": None, "rightsInheritance": "ALL_ROLES", "version": 4}


async def test_the_log_holds_the_changed_values_alone(api: Api, world: World) -> None:
    account = await world.account(name="Before")
    owner = await world.member(account, BuiltinRole.OWNER)
    await done(
        api,
        "accountUpdate",
        owner,
        accountId=account.id,
        expectedVersion=1,
        name="After",
        rightsInheritance="ADMINISTRATORS",
    )
    assert await events_of(api, owner, account.id) == [
        {
            "type": "ACCOUNT_UPDATED",
            "subjectId": account.id,
            "actorName": owner.person.name,
            "actor": {"id": owner.person.id},
            "actingFrom": {"id": account.id},
            "account": {"id": account.id},
            "before": {"name": "Before"},
            "after": {"name": "After"},
        }
    ]


async def test_nothing_changed_is_nothing_logged(api: Api, world: World) -> None:
    account = await world.account(name="Same")
    owner = await world.member(account, BuiltinRole.OWNER)
    before = await world.state(account)
    same = {"accountId": account.id, "expectedVersion": 1, "name": " Same ", "externalId": None}
    assert (await done(api, "accountUpdate", owner, _CHANGED, **same))["account"]["version"] == 1
    assert await world.state(account) == before


async def test_an_old_version_is_refused_with_the_current_one(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    await done(api, "accountUpdate", owner, accountId=account.id, expectedVersion=1, name="First")
    before = await world.state(account)
    for version in (0, 1, 3, -1, 2**31 - 1):
        refused = await attempt(
            api, "accountUpdate", owner, _CHANGED, accountId=account.id, expectedVersion=version, name="Late"
        )
        assert refused.payload["account"] is None
        assert refused.user_error == {
            "__typename": "VersionConflict",
            "code": "CONFLICT",
            "field": ["input", "expectedVersion"],
            "message": "It has changed since you read it.",
            "currentVersion": 2,
        }
    assert await world.state(account) == before


async def test_the_parent_changes_a_subaccount_and_its_log_says_so(api: Api, world: World) -> None:
    """R42, R54: the event names the parent as where the right came from; who may not see the parent is told
    who acted and that it was not from here."""
    parent = await world.account()
    account = await world.account(parent, name="Before")
    admin = await world.member(parent, BuiltinRole.ADMINISTRATOR)
    owner = await world.member(account, BuiltinRole.OWNER)
    await done(api, "accountUpdate", admin, accountId=account.id, expectedVersion=1, name="After")
    from_above = await last_event(api, admin, account.id)
    from_inside = await last_event(api, owner, account.id)
    assert from_above["actingFrom"] == {"id": parent.id}
    assert from_above["actor"] == {"id": admin.person.id}
    assert from_inside == from_above | {"actingFrom": None}
    await done(api, "accountUpdate", owner, accountId=account.id, expectedVersion=2, name="Again")
    assert (await last_event(api, admin, account.id))["actingFrom"] == {"id": account.id}


async def test_the_nearest_grant_is_where_the_right_comes_from(api: Api, world: World) -> None:
    master = await world.account()
    parent = await world.account(master)
    account = await world.account(parent)
    admin = await world.member(master, BuiltinRole.ADMINISTRATOR)
    await world.member(parent, BuiltinRole.ADMINISTRATOR, admin.person)
    await done(api, "accountUpdate", admin, accountId=account.id, expectedVersion=1, name="A")
    await world.member(account, BuiltinRole.MARKETER, admin.person)  # gives no ACCOUNT_WRITE
    await done(api, "accountUpdate", admin, accountId=account.id, expectedVersion=2, name="B")
    events = await events_of(api, admin, account.id)
    assert [event["actingFrom"] for event in events] == [{"id": parent.id}, {"id": parent.id}]


async def test_a_key_is_named_as_who_acted(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    made = await done(
        api,
        "apiKeyCreate",
        owner,
        "secret",
        accountId=account.id,
        name="Importer",
        roleId=ROLE_IDS[BuiltinRole.ADMINISTRATOR],
    )
    await done(
        api, "accountUpdate", Token(made["secret"]), accountId=account.id, expectedVersion=1, name="By a key"
    )
    event = await last_event(api, owner, account.id)
    assert (event["actorName"], event["actor"], event["actingFrom"]) == ("Importer", None, {"id": account.id})


async def test_a_suspended_account_suspends_all_below_by_the_path(api: Api, world: World) -> None:
    """T7: what lies below is not written to, and works again when the account above does."""
    master = await world.account()
    middle = await world.account(master)
    leaf = await world.account(middle)
    admin = await world.member(master, BuiltinRole.OWNER)
    inside = await world.member(leaf, BuiltinRole.OWNER)
    suspended = await done(api, "accountSuspend", admin, _CHANGED, accountId=middle.id, reason="unpaid")
    assert (suspended["account"]["status"], suspended["account"]["version"]) == ("SUSPENDED", 2)
    below = (await api.read(_STATUS, inside, id=leaf.id))["account"]
    assert (below["status"], below["ownStatus"]) == ("SUSPENDED", "ACTIVE")
    assert {name.rpartition("_")[2] for name in below["viewerPermissions"]} == {"READ"}
    change = {"accountId": leaf.id, "expectedVersion": 1, "name": "No"}
    assert await code_of(api, "accountUpdate", inside, **change) == "ACCOUNT_SUSPENDED"
    event = await last_event(api, admin, middle.id)
    assert (event["type"], event["before"], event["after"]) == (
        "ACCOUNT_SUSPENDED",
        {"status": "ACTIVE"},
        {"status": "SUSPENDED"},
    )
    assert await _reason(api, admin, middle) == "unpaid"
    await done(api, "accountResume", admin, accountId=middle.id, reason="paid")
    event = await last_event(api, admin, middle.id)
    assert (event["type"], event["after"]) == ("ACCOUNT_RESUMED", {"status": "ACTIVE"})
    assert await _reason(api, admin, middle) == "paid"
    assert await code_of(api, "accountUpdate", inside, **change) == ""


async def test_suspending_twice_is_suspending_once(api: Api, world: World) -> None:
    master = await world.account()
    account = await world.account(master)
    admin = await world.member(master, BuiltinRole.ADMINISTRATOR)
    await done(api, "accountSuspend", admin, accountId=account.id)
    before = await world.state(master)
    again = await done(api, "accountSuspend", admin, _CHANGED, accountId=account.id)
    assert again["account"]["version"] == 2
    assert await world.state(master) == before


async def test_closing_begins_at_the_leaves_and_is_for_good(api: Api, world: World) -> None:
    master = await world.account()
    account = await world.account(master)
    leaf = await world.account(account)
    owner = await world.member(master, BuiltinRole.OWNER)
    before = await world.state(master)
    assert await code_of(api, "accountClose", owner, accountId=account.id) == "HAS_SUBACCOUNTS"
    assert await world.state(master) == before
    await done(api, "accountSuspend", owner, accountId=leaf.id)
    assert await code_of(api, "accountClose", owner, accountId=account.id) == "HAS_SUBACCOUNTS"
    await done(api, "accountClose", owner, accountId=leaf.id, reason="bankrupt")
    closed = await done(api, "accountClose", owner, _CHANGED, accountId=account.id)
    assert closed["account"]["status"] == "CLOSED"
    assert (await last_event(api, owner, account.id))["type"] == "ACCOUNT_CLOSED"
    assert [await _reason(api, owner, each) for each in (leaf, account)] == ["bankrupt", None]
    for field in ("accountResume", "accountSuspend", "accountClose"):
        assert await code_of(api, field, owner, accountId=account.id) == "ACCOUNT_CLOSED"
    assert (await api.read(_STATUS, owner, id=leaf.id))["account"]["status"] == "CLOSED"


async def test_whoever_owned_a_closed_account_may_own_another(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """R46 counts open accounts."""
    closing, other = await world.account(), await world.account()
    owner = await world.member(closing, BuiltinRole.OWNER)
    giver = await world.member(other, BuiltinRole.OWNER)
    await done(
        api,
        "memberInvite",
        giver,
        accountId=other.id,
        email=owner.person.email,
        roleId=ROLE_IDS[BuiltinRole.OWNER],
        idempotencyKey="1",
    )
    token = (await mail_to(database, owner.person.email)).token
    assert await code_of(api, "invitationAccept", owner, token=token) == "ALREADY_OWNS_ACCOUNT"
    await done(api, "accountClose", owner, accountId=closing.id)
    joined = await done(api, "invitationAccept", owner, "member { role { name } }", token=token)
    assert joined["member"] == {"role": {"name": "OWNER"}}
