"""Sharing accounts with a person outside, changing what is shared, ending it (R17, R21-R25, R30-R34, R38)."""

import datetime
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.builtin_roles import BuiltinRole
from models.shares import shares
from tests.api import Api, Caller
from tests.resolvers.log import events_of, last_event, mail_to, mails_to
from tests.resolvers.mutations import ROLE_IDS, attempt, code_of, done
from tests.world import Account, Member, Person, World

_SHARE = (
    "replayed share { id email status version role { name } areas hiddenAreas accounts { id } "
    "user { email } sharedBy { email } expiresAt acceptedAt revokedAt }"
)
_SEEN = """{ viewer { accounts { nodes { id parent { id } ancestors { id } viewerPermissions } }
  shares { nodes { id } } } }"""
_PREVIEW = (
    "query ($token: String!) { share(token: $token) "
    "{ accountNames giverName roleName areas hiddenAreas email expiresAt } }"
)


@dataclass(frozen=True)
class Brand:
    """A master account with three teams, and its owner."""

    master: Account
    us: Account
    uk: Account
    store: Account
    owner: Member


@pytest.fixture
async def brand(world: World) -> Brand:
    master = await world.account(name="Brand")
    us, uk = [await world.account(master, name) for name in ("Marketing US", "Marketing UK")]
    store = await world.account(us, "Store")
    return Brand(master, us, uk, store, await world.member(master, BuiltinRole.OWNER))


def _offer(
    accounts: list[Account], person: Person, role: BuiltinRole | None = BuiltinRole.MARKETER, **more: Any
) -> dict[str, Any]:
    wanted: dict[str, Any] = {"accountIds": [account.id for account in accounts], "email": person.email}
    if role is not None:
        wanted["roleId"] = ROLE_IDS[role]
    return {**wanted, "idempotencyKey": f"{person.email} {len(accounts)}", **more}


async def _seen(api: Api, person: Caller) -> dict[str, set[str]]:
    """The accounts that the person sees, and what it may do in them."""
    viewer = (await api.read(_SEEN, person))["viewer"]
    assert all(node["parent"] is None and node["ancestors"] == [] for node in viewer["accounts"]["nodes"])
    return {node["id"]: set(node["viewerPermissions"]) for node in viewer["accounts"]["nodes"]}


async def _given(
    api: Api, database: AsyncEngine, brand: Brand, person: Person, offer: dict[str, Any]
) -> dict[str, Any]:
    """A share that was accepted."""
    await done(api, "shareCreate", brand.owner, _SHARE, **offer)
    token = (await mails_to(database, person.email))[-1].token
    share: dict[str, Any] = (await done(api, "shareAccept", person, _SHARE, token=token))["share"]
    return share


async def test_one_share_opens_exactly_its_accounts_once_it_is_accepted(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """R30-R34: with the same hidden areas in each; nothing above, beside or below."""
    person = await world.person()
    offer = _offer([brand.us, brand.uk], person, hiddenAreas=["CONTACTS", "TEMPLATES"])
    made = await done(api, "shareCreate", brand.owner, _SHARE, **offer)
    assert made["share"]["status"] == "PENDING"
    assert await _seen(api, person) == {}
    mail = await mail_to(database, person.email)
    assert "Marketing US\n  Marketing UK" in mail.body
    preview = (await api.read(_PREVIEW, token=mail.token))["share"]
    assert preview["accountNames"] == ["Marketing US", "Marketing UK"]
    assert (preview["giverName"], preview["roleName"]) == (brand.owner.person.name, "MARKETER")
    taken = await done(api, "shareAccept", person, _SHARE, token=mail.token)
    assert taken["share"]["status"] == "ACTIVE"
    assert [account["id"] for account in taken["share"]["accounts"]] == [brand.us.id, brand.uk.id]
    assert (await api.read(_PREVIEW, token=mail.token))["share"] is None
    seen = await _seen(api, person)
    assert seen.keys() == {brand.us.id, brand.uk.id}
    for permissions in seen.values():
        assert {"CAMPAIGNS_WRITE", "CAMPAIGNS_SEND", "ACCOUNT_READ"} <= permissions
        assert not {name for name in permissions if name.startswith(("CONTACTS", "TEMPLATES"))}
    for account in (brand.us, brand.uk):
        assert (await last_event(api, brand.owner, account.id))["kind"] == "SHARE_ACCEPTED"
    for account in (brand.master, brand.store):
        answer = await api.ask("query ($id: ID!) { account(id: $id) { id } }", person, id=account.id)
        assert answer.codes == ["NOT_FOUND"]


async def test_areas_alone_can_be_shared(api: Api, world: World, database: AsyncEngine, brand: Brand) -> None:
    """R38: the statistics of one customer, and nothing else."""
    person = await world.person()
    share = await _given(
        api, database, brand, person, _offer([brand.store], person, None, areas=["STATISTICS"])
    )
    assert (share["areas"], share["role"]) == (["STATISTICS"], None)
    assert await _seen(api, person) == {brand.store.id: {"ACCOUNT_READ", "STATISTICS_READ"}}


async def test_a_change_holds_from_the_next_request_on(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """R25: narrowed, moved to another account, revoked."""
    person = await world.person()
    share = await _given(api, database, brand, person, _offer([brand.us], person))
    change = {"shareId": share["id"], "expectedVersion": share["version"], "accountIds": [brand.uk.id]}
    changed = await done(api, "shareUpdate", brand.owner, _SHARE, **change, areas=["STATISTICS"])
    assert await _seen(api, person) == {brand.uk.id: {"ACCOUNT_READ", "STATISTICS_READ"}}
    assert (await last_event(api, brand.owner, brand.us.id))["kind"] == "SHARE_REVOKED"
    assert (await last_event(api, brand.owner, brand.uk.id))["kind"] == "SHARE_CREATED"
    before = await world.state(brand.master)
    stale = await attempt(api, "shareUpdate", brand.owner, **change, areas=["CAMPAIGNS"])
    assert stale.code == "CONFLICT"
    assert await world.state(brand.master) == before
    revoked = await done(api, "shareRevoke", brand.owner, _SHARE, shareId=changed["share"]["id"])
    assert revoked["share"]["status"] == "REVOKED"
    assert await _seen(api, person) == {}
    change["expectedVersion"] = revoked["share"]["version"]
    assert await code_of(api, "shareUpdate", brand.owner, **change, areas=["STATISTICS"]) == "SHARE_REVOKED"


async def test_a_share_ends_by_itself(api: Api, world: World, database: AsyncEngine, brand: Brand) -> None:
    """N9: by the database's clock."""
    person = await world.person()
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    share = await _given(
        api, database, brand, person, _offer([brand.us], person, expiresAt=later.isoformat())
    )
    assert (await _seen(api, person)).keys() == {brand.us.id}
    async with database.begin() as connection:
        ours = shares.c.email == person.email
        await connection.execute(update(shares).where(ours).values(expires_at=func.now()))
    assert await _seen(api, person) == {}
    read = "query ($id: ID!) { node(id: $id) { ... on Share { status } } }"
    assert (await api.read(read, brand.owner, id=share["id"]))["node"] == {"status": "EXPIRED"}


async def test_what_was_shared_can_be_given_back(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    person, other = await world.person(), await world.person()
    share = await _given(api, database, brand, person, _offer([brand.us], person))
    for stranger in (other, brand.owner):
        assert await code_of(api, "shareLeave", stranger, shareId=share["id"]) == "NOT_FOUND"
    assert (await _seen(api, person)).keys() == {brand.us.id}
    await done(api, "shareLeave", person, shareId=share["id"])
    assert await _seen(api, person) == {}
    assert (await last_event(api, brand.owner, brand.us.id))["kind"] == "SHARE_LEFT"


async def test_only_the_person_with_the_address_accepts(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """T11; and a key is nobody's person."""
    person, other = await world.person(), await world.person()
    await done(api, "shareCreate", brand.owner, _SHARE, **_offer([brand.us], person))
    token = (await mail_to(database, person.email)).token
    assert await code_of(api, "shareAccept", other, token=token) == "WRONG_PERSON"
    key = await world.api_key(brand.us)
    assert await code_of(api, "shareAccept", key, token=token) == "PERSON_REQUIRED"
    assert await code_of(api, "shareAccept", person, token=token[:-1] + "x") == "NOT_FOUND"
    assert await _seen(api, person) == await _seen(api, other) == {}
    await done(api, "shareAccept", person, token=token)
    assert await code_of(api, "shareAccept", person, token=token) == "SHARE_USED"


async def test_whoever_gave_it_must_still_be_able_to(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """T14: a giver who lost the right takes the offer along."""
    giver, person = await world.member(brand.us, BuiltinRole.ADMINISTRATOR), await world.person()
    await done(api, "shareCreate", giver, _SHARE, **_offer([brand.us], person))
    token = (await mail_to(database, person.email)).token
    await done(api, "memberRemove", brand.owner, memberId=giver.id)
    assert await code_of(api, "shareAccept", person, token=token) == "SHARE_REVOKED"
    assert await _seen(api, person) == {}


async def test_what_was_shared_is_not_shared_further(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    agent, friend = await world.person(), await world.person()
    await _given(api, database, brand, agent, _offer([brand.us], agent, BuiltinRole.ADMINISTRATOR))
    assert "MEMBERS_WRITE" in (await _seen(api, agent))[brand.us.id]
    before = await world.state(brand.master)
    offer = _offer([brand.us], friend, BuiltinRole.ANALYST)
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
        assert await code_of(api, "shareCreate", caller, **_offer(accounts, person, role)) == code
    assert await world.state(brand.master) == before


async def test_an_account_is_shared_once_with_an_address(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """Offered twice, the newer offer counts; once accepted, it is changed instead."""
    person = await world.person()
    first = await done(api, "shareCreate", brand.owner, _SHARE, **_offer([brand.us, brand.uk], person))
    again = await done(api, "shareCreate", brand.owner, _SHARE, **_offer([brand.us, brand.uk], person))
    assert again == {**first, "replayed": True}
    second = await done(api, "shareCreate", brand.owner, _SHARE, **_offer([brand.us], person))
    old, new = await mails_to(database, person.email)
    assert await code_of(api, "shareAccept", person, token=old.token) == "SHARE_REVOKED"
    await done(api, "shareAccept", person, token=new.token)
    assert (await _seen(api, person)).keys() == {brand.us.id}
    third = {**_offer([brand.us], person), "idempotencyKey": "third"}
    assert await code_of(api, "shareCreate", brand.owner, **third) == "ALREADY_SHARED"
    assert second["share"]["id"] != first["share"]["id"]
    member = await world.member(brand.us, BuiltinRole.ANALYST)
    offer = _offer([brand.us], member.person)
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
    offer = _offer([brand.us], person)
    assert await code_of(api, "shareCreate", brand.owner, **{**offer, **wrong}) == code
    assert await world.state(brand.master) == before
    await done(api, "shareCreate", brand.owner, **offer)


async def test_accounts_of_two_trees_are_not_shared_together(api: Api, world: World, brand: Brand) -> None:
    elsewhere = await world.account()
    both = await world.member(elsewhere, BuiltinRole.ADMINISTRATOR, brand.owner.person)
    offer = _offer([brand.us, elsewhere], await world.person())
    assert await code_of(api, "shareCreate", both, **offer) == "BAD_USER_INPUT"
    assert await events_of(api, both, elsewhere.id) == []


async def test_shares_are_listed_for_those_who_manage_members(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """Of its accounts each sees those within reach alone."""
    person = await world.person()
    share = await _given(api, database, brand, person, _offer([brand.us, brand.uk], person))
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
