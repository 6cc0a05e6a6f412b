"""The log as its readers see it."""

from authz.policy.builtin_roles import BuiltinRole
from models.settings.tables import SettingName
from tests.areas.effects.log import events_of
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, Token, code_of, done
from tests.world.brand import Brand
from tests.world.settings import set_setting
from tests.world.world import World


async def test_the_log_is_read_newest_first_and_by_type(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST)
    for version in (1, 2):
        await done(
            api, "accountUpdate", owner, accountId=account.id, expectedVersion=version, name=f"Name {version}"
        )
    await done(api, "memberRemove", owner, memberId=member.id)
    events = await events_of(api, owner, account.id)
    assert [event["type"] for event in events] == ["MEMBER_REMOVED", "ACCOUNT_UPDATED", "ACCOUNT_UPDATED"]
    updates = await events_of(api, owner, account.id, "ACCOUNT_UPDATED")
    assert updates == events[1:]
    assert [event["after"]["name"] for event in updates] == ["Name 2", "Name 1"]
    assert await events_of(api, owner, account.id, "API_KEY_CREATED") == []


async def test_an_event_is_found_by_its_id_by_those_who_may_read_the_log(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    analyst = await world.member(account, BuiltinRole.ANALYST)
    await done(api, "accountUpdate", owner, accountId=account.id, expectedVersion=1, name="New")
    listing = "query ($id: ID!) { account(id: $id) { events { nodes { id createdAt } } } }"
    (listed,) = (await api.read(listing, owner, id=account.id))["account"]["events"]["nodes"]
    query = "query ($id: ID!) { node(id: $id) { id ... on Event { type createdAt } } }"
    found = await api.read(query, owner, id=listed["id"])
    assert found["node"] == listed | {"type": "ACCOUNT_UPDATED"}
    assert await api.read(query, analyst, id=listed["id"]) == {"node": None}


async def test_the_name_of_who_acted_outlives_the_membership(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    admin = await world.member(account, BuiltinRole.ADMINISTRATOR)
    await done(api, "accountUpdate", admin, accountId=account.id, expectedVersion=1, name="New")
    await done(api, "memberRemove", owner, memberId=admin.id)
    updated = (await events_of(api, owner, account.id))[1]
    assert (updated["actorName"], updated["actor"]) == (admin.person.name, {"id": admin.person.id})


async def test_a_refused_change_leaves_no_entry(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    analyst = await world.member(account, BuiltinRole.ANALYST)
    change = {"accountId": account.id, "expectedVersion": 1, "name": "New"}
    assert await code_of(api, "accountUpdate", analyst, **change) == "FORBIDDEN"
    assert await code_of(api, "memberLeave", owner, accountId=account.id) == "LAST_OWNER"
    promotion = {"memberId": analyst.id, "roleId": ROLE_IDS[BuiltinRole.OWNER]}
    assert await code_of(api, "memberUpdate", analyst, **promotion) == "FORBIDDEN"
    assert await events_of(api, owner, account.id) == []


async def test_the_values_name_no_account_outside_the_readers_reach(
    api: Api, brand: Brand, world: World
) -> None:
    await set_setting(world, brand.us, SettingName.SENDER_NAME, "Inn")
    await done(
        api,
        "settingsCopy",
        brand.owner,
        fromAccountId=brand.us.id,
        toAccountId=brand.uk.id,
        settings=["SENDER_NAME"],
    )
    made = await done(
        api,
        "subaccountCreate",
        brand.owner,
        "account { id } secret",
        parentId=brand.master.id,
        name="acct_",
        copyFrom=brand.us.id,
        copy=["SENDER_NAME"],
        idempotencyKey="1",
    )
    member = await world.member(brand.uk, BuiltinRole.ADMINISTRATOR)
    copied, created = {"sender_name": "Inn"}, {"name": "acct_"}
    seen: list[tuple[Caller, str, str | None, str | None]] = [
        (brand.owner, brand.uk.id, brand.us.id, None),
        (member, brand.uk.id, None, None),
        (brand.owner, made["account"]["id"], brand.us.id, brand.master.id),
        (Token(made["secret"]), made["account"]["id"], None, None),
    ]
    for caller, account_id, source, parent in seen:
        (event,) = await events_of(api, caller, account_id, "SETTINGS_COPIED")
        assert event["after"] == copied | {"copied_from": source}
        for event in await events_of(api, caller, account_id, "ACCOUNT_CREATED"):
            assert event["after"] == created | {"parent": parent}


async def test_an_event_names_all_who_acted(api: Api, brand: Brand, world: World) -> None:
    """The person or key, the account that gave the right, and whether that was break-glass."""
    query = """query ($id: ID!) { account(id: $id) { events(first: 1) { nodes {
      actor { id } actorApiKey { id } actingFrom { id } fromAbove byBreakGlass } } } }"""
    key = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    member = await world.member(brand.store, BuiltinRole.ADMINISTRATOR)
    await done(api, "accountUpdate", key, accountId=brand.store.id, name="Shop")
    expected = {
        "actor": None,
        "actorApiKey": {"id": key.id},
        "actingFrom": {"id": brand.us.id},
        "fromAbove": True,
        "byBreakGlass": False,
    }
    hidden = {"actorApiKey": None, "actingFrom": None}
    for caller, shown in ((brand.owner, expected), (key, expected), (member, expected | hidden)):
        (event,) = (await api.read(query, caller, id=brand.store.id))["account"]["events"]["nodes"]
        assert event == shown
