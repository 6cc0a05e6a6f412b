"""Sharing accounts with a person outside, changing what is shared, ending it (R17, R21-R25, R30-R34, R38)."""

import datetime
from typing import Any

import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.shares.tables import shares
from tests.areas.effects.log import events_of, last_event, mail_to, mails_to
from tests.client.api import Api, Caller
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.engine.statements import statements
from tests.world.brand import PREVIEW, SHARE, Brand, given, offer_of, seen_by
from tests.world.world import World


async def test_one_share_opens_exactly_its_accounts_once_it_is_accepted(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """R30-R34: with the same hidden areas in each; nothing above, beside or below."""
    person = await world.person()
    offer = offer_of([brand.us, brand.uk], person, hiddenAreas=["CONTACTS", "TEMPLATES"])
    made = await done(api, "shareCreate", brand.owner, SHARE, **offer)
    assert made["share"]["status"] == "PENDING"
    assert await seen_by(api, person) == {}
    mail = await mail_to(database, person.email)
    assert "“Marketing US”\n  “Marketing UK”" in mail.body
    preview = (await api.read(PREVIEW, token=mail.token))["share"]
    assert preview["accountNames"] == ["Marketing US", "Marketing UK"]
    assert (preview["giverName"], preview["roleName"]) == (brand.owner.person.name, "MARKETER")
    taken = await done(api, "shareAccept", person, SHARE, token=mail.token)
    assert taken["share"]["status"] == "ACTIVE"
    assert [account["id"] for account in taken["share"]["accounts"]] == [brand.us.id, brand.uk.id]
    assert (await api.read(PREVIEW, token=mail.token))["share"] is None
    seen = await seen_by(api, person)
    assert seen.keys() == {brand.us.id, brand.uk.id}
    for permissions in seen.values():
        assert {"CAMPAIGNS_WRITE", "CAMPAIGNS_SEND", "ACCOUNT_READ"} <= permissions
        assert not {name for name in permissions if name.startswith(("CONTACTS", "TEMPLATES"))}
    for account in (brand.us, brand.uk):
        assert (await last_event(api, brand.owner, account.id))["type"] == "SHARE_ACCEPTED"
    for account in (brand.master, brand.store):
        answer = await api.ask("query ($id: ID!) { account(id: $id) { id } }", person, id=account.id)
        assert answer.codes == ["NOT_FOUND"]


async def test_a_share_of_three_accounts_takes_the_statements_of_one(
    api: Api, world: World, brand: Brand
) -> None:
    counts = []
    three = [brand.us, brand.uk, brand.store]
    for opened in (three, [brand.us], three):  # the first time their tree is not known
        offer = offer_of(opened, await world.person())
        with statements() as seen:
            await done(api, "shareCreate", brand.owner, SHARE, **offer)
        counts.append(len(seen))
    assert counts[1] == counts[2]


async def test_areas_alone_can_be_shared(api: Api, world: World, database: AsyncEngine, brand: Brand) -> None:
    """R38: the statistics of one customer, and nothing else."""
    person = await world.person()
    share = await given(
        api, database, brand, person, offer_of([brand.store], person, None, areas=["STATISTICS"])
    )
    assert (share["areas"], share["role"]) == (["STATISTICS"], None)
    assert await seen_by(api, person) == {brand.store.id: {"ACCOUNT_READ", "STATISTICS_READ"}}


async def test_a_change_holds_from_the_next_request_on(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """R25: narrowed, moved to another account, revoked."""
    person = await world.person()
    share = await given(api, database, brand, person, offer_of([brand.us], person))
    change = {"shareId": share["id"], "expectedVersion": share["version"], "accountIds": [brand.uk.id]}
    changed = await done(api, "shareUpdate", brand.owner, SHARE, **change, areas=["STATISTICS"])
    assert await seen_by(api, person) == {brand.uk.id: {"ACCOUNT_READ", "STATISTICS_READ"}}
    assert (await last_event(api, brand.owner, brand.us.id))["type"] == "SHARE_REVOKED"
    assert (await last_event(api, brand.owner, brand.uk.id))["type"] == "SHARE_CREATED"
    before = await world.state(brand.master)
    stale = await attempt(api, "shareUpdate", brand.owner, **change, areas=["CAMPAIGNS"])
    assert stale.code == "CONFLICT"
    assert await world.state(brand.master) == before
    revoked = await done(api, "shareRevoke", brand.owner, SHARE, shareId=changed["share"]["id"])
    assert revoked["share"]["status"] == "REVOKED"
    assert await seen_by(api, person) == {}
    change["expectedVersion"] = revoked["share"]["version"]
    assert await code_of(api, "shareUpdate", brand.owner, **change, areas=["STATISTICS"]) == "SHARE_REVOKED"


async def test_a_share_ends_by_itself(api: Api, world: World, database: AsyncEngine, brand: Brand) -> None:
    """N9: by the database's clock."""
    person = await world.person()
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    share = await given(
        api, database, brand, person, offer_of([brand.us], person, expiresAt=later.isoformat())
    )
    assert (await seen_by(api, person)).keys() == {brand.us.id}
    async with database.begin() as connection:
        ours = shares.c.email == person.email
        await connection.execute(update(shares).where(ours).values(expires_at=func.now()))
    assert await seen_by(api, person) == {}
    read = "query ($id: ID!) { node(id: $id) { ... on Share { status } } }"
    assert (await api.read(read, brand.owner, id=share["id"]))["node"] == {"status": "EXPIRED"}


async def test_what_was_shared_can_be_given_back(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    person, other = await world.person(), await world.person()
    share = await given(api, database, brand, person, offer_of([brand.us], person))
    for stranger in (other, brand.owner):
        assert await code_of(api, "shareLeave", stranger, shareId=share["id"]) == "NOT_FOUND"
    assert (await seen_by(api, person)).keys() == {brand.us.id}
    await done(api, "shareLeave", person, shareId=share["id"])
    assert await seen_by(api, person) == {}
    assert (await last_event(api, brand.owner, brand.us.id))["type"] == "SHARE_LEFT"


async def test_only_the_person_with_the_address_accepts(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """T11; and a key is nobody's person."""
    person, other = await world.person(), await world.person()
    await done(api, "shareCreate", brand.owner, SHARE, **offer_of([brand.us], person))
    token = (await mail_to(database, person.email)).token
    assert await code_of(api, "shareAccept", other, token=token) == "WRONG_PERSON"
    key = await world.api_key(brand.us)
    assert await code_of(api, "shareAccept", key, token=token) == "PERSON_REQUIRED"
    assert await code_of(api, "shareAccept", person, token=token + "x") == "NOT_FOUND"
    assert await seen_by(api, person) == await seen_by(api, other) == {}
    await done(api, "shareAccept", person, token=token)
    assert await code_of(api, "shareAccept", person, token=token) == "SHARE_USED"


async def test_whoever_gave_it_must_still_be_able_to(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """T14: a giver who lost the right takes the offer along."""
    giver, person = await world.member(brand.us, BuiltinRole.ADMINISTRATOR), await world.person()
    await done(api, "shareCreate", giver, SHARE, **offer_of([brand.us], person))
    token = (await mail_to(database, person.email)).token
    await done(api, "memberRemove", brand.owner, memberId=giver.id)
    assert await code_of(api, "shareAccept", person, token=token) == "SHARE_REVOKED"
    assert await seen_by(api, person) == {}


async def test_what_was_shared_is_not_shared_further(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    agent, friend = await world.person(), await world.person()
    await given(api, database, brand, agent, offer_of([brand.us], agent, BuiltinRole.ADMINISTRATOR))
    assert "MEMBERS_WRITE" in (await seen_by(api, agent))[brand.us.id]
    before = await world.state(brand.master)
    offer = offer_of([brand.us], friend, BuiltinRole.ANALYST)
    assert await code_of(api, "shareCreate", agent, **offer) == "REACHED_BY_SHARE"
    assert await world.state(brand.master) == before
    assert await mails_to(database, friend.email) == []


async def test_nobody_shares_more_than_he_holds(api: Api, world: World, brand: Brand) -> None:
    """N19: in each of the accounts."""
    key = await world.api_key(brand.us, BuiltinRole.MARKETER)
    member = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    person = await world.person()
    before = await world.state(brand.master)
    for caller, accounts, role, code in (
        (key, [brand.us], BuiltinRole.ANALYST, "FORBIDDEN"),
        (member, [brand.us, brand.uk], BuiltinRole.ANALYST, "NOT_FOUND"),
        (brand.owner, [brand.us], BuiltinRole.OWNER, "BAD_USER_INPUT"),
    ):
        assert await code_of(api, "shareCreate", caller, **offer_of(accounts, person, role)) == code
    assert await world.state(brand.master) == before


async def test_an_account_is_shared_once_with_an_address(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """Offered twice, the newer offer counts; once accepted, it is changed instead."""
    person = await world.person()
    offer = offer_of([brand.us], person)
    first = await done(api, "shareCreate", brand.owner, SHARE, **offer)
    assert await done(api, "shareCreate", brand.owner, SHARE, **offer) == {**first, "replayed": True}
    second = await done(api, "shareCreate", brand.owner, SHARE, **offer | {"idempotencyKey": "second"})
    old, new = await mails_to(database, person.email)
    assert await code_of(api, "shareAccept", person, token=old.token) == "SHARE_REVOKED"
    await done(api, "shareAccept", person, token=new.token)
    assert (await seen_by(api, person)).keys() == {brand.us.id}
    third = offer_of([brand.us, brand.uk], person)
    assert await code_of(api, "shareCreate", brand.owner, **third) == "ALREADY_SHARED"
    assert second["share"]["id"] != first["share"]["id"]
    member = await world.member(brand.us, BuiltinRole.ANALYST)
    offer = offer_of([brand.us], member.person)
    assert await code_of(api, "shareCreate", brand.owner, **offer) == "ALREADY_MEMBER"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"accountIds": []}, "BAD_USER_INPUT"),
        ({"areas": ["STATISTICS"]}, "BAD_USER_INPUT"),
        ({"roleId": None}, "BAD_USER_INPUT"),
        ({"roleId": None, "areas": []}, "BAD_USER_INPUT"),
        ({"roleId": None, "areas": ["CREDIT"], "hiddenAreas": ["CREDIT"]}, "BAD_USER_INPUT"),
        ({"hiddenAreas": ["ACCOUNT"]}, "BAD_USER_INPUT"),
        ({"email": "nobody"}, "BAD_USER_INPUT"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "BAD_USER_INPUT"),
        ({"idempotencyKey": ""}, "BAD_USER_INPUT"),
        ({"roleId": ROLE_IDS[BuiltinRole.OWNER]}, "BAD_USER_INPUT"),
        ({"accountIds": ["acct_00000000-0000-0000-0000-000000000000"]}, "NOT_FOUND"),
    ],
)
async def test_bad_shares_are_refused(
    api: Api, world: World, brand: Brand, wrong: dict[str, Any], code: str
) -> None:
    person = await world.person()
    before = await world.state(brand.master)
    offer = offer_of([brand.us], person)
    assert await code_of(api, "shareCreate", brand.owner, **{**offer, **wrong}) == code
    assert await world.state(brand.master) == before
    await done(api, "shareCreate", brand.owner, **offer)


async def test_accounts_of_two_trees_are_not_shared_together(api: Api, world: World, brand: Brand) -> None:
    elsewhere = await world.account()
    both = await world.member(elsewhere, BuiltinRole.ADMINISTRATOR, brand.owner.person)
    offer = offer_of([brand.us, elsewhere], await world.person())
    assert await code_of(api, "shareCreate", both, **offer) == "BAD_USER_INPUT"
    assert await events_of(api, both, elsewhere.id) == []


async def test_shares_are_listed_for_those_who_manage_members(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """Of its accounts each sees those within reach alone."""
    person = await world.person()
    share = await given(api, database, brand, person, offer_of([brand.us, brand.uk], person))
    local = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    analyst = await world.member(brand.us, BuiltinRole.ANALYST)
    query = "query ($id: ID!) { account(id: $id) { shares { nodes { id accounts { id } user { email } } } } }"
    for caller, accounts in ((brand.owner, [brand.us.id, brand.uk.id]), (local, [brand.us.id])):
        (found,) = (await api.read(query, caller, id=brand.us.id))["account"]["shares"]["nodes"]
        assert found == {
            "id": share["id"],
            "accounts": [{"id": id_} for id_ in accounts],
            "user": {"email": person.email},
        }
    assert (await api.ask(query, analyst, id=brand.us.id)).codes == ["FORBIDDEN"]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    knowing: list[tuple[Caller, Any]] = [(local, share["id"]), (person, share["id"]), (analyst, None)]
    for knower, expected in knowing:
        found = (await api.read(node, knower, id=share["id"]))["node"]
        assert found == (None if expected is None else {"id": expected})
