"""What is changed and ended of shares, and who may: the corners (R25, N19, T4)."""

import datetime

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from models.accounts.tables import AccountStatus
from models.shares.tables import shares
from tests.areas.effects.log import events_of, last_event, mail_to, mails_to
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import PREVIEW, SHARE, Brand, given, offer_of, seen_by
from tests.world.world import Person, World


async def _expire(database: AsyncEngine, person: Person) -> None:
    statement = update(shares).where(shares.c.email == person.email).values(expires_at=func.now())
    async with database.begin() as connection:
        await connection.execute(statement)


async def test_the_area_of_the_account_gives_no_ownership(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """What an administrator may do in it; also its owner can share it, who cannot suspend it."""
    person = await world.person()
    await given(api, database, brand, person, offer_of([brand.master], person, None, areas=["ACCOUNT"]))
    assert await seen_by(api, person) == {brand.master.id: {"ACCOUNT_READ", "ACCOUNT_WRITE"}}


async def test_a_key_gives_nothing_back(api: Api, world: World, brand: Brand) -> None:
    """A share that waits is nobody's; least of all a key's of another tree."""
    person = await world.person()
    made = await done(api, "shareCreate", brand.owner, SHARE, **offer_of([brand.us], person))
    elsewhere = await world.api_key(await world.account())
    before = await world.state(brand.master)
    assert await code_of(api, "shareLeave", elsewhere, shareId=made["share"]["id"]) == "PERSON_REQUIRED"
    assert await code_of(api, "shareLeave", person, shareId=made["share"]["id"]) == "NOT_FOUND"
    assert await world.state(brand.master) == before


async def test_an_expired_share_with_a_successor_is_not_prolonged(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """An account has at most one share that holds for an address."""
    person = await world.person()
    first = await given(api, database, brand, person, offer_of([brand.us, brand.uk], person))
    await _expire(database, person)
    await given(api, database, brand, person, offer_of([brand.us], person))
    prolonged = {
        "shareId": first["id"],
        "expectedVersion": first["version"],
        "accountIds": [brand.us.id, brand.uk.id],
        "areas": ["STATISTICS"],
        "expiresAt": None,
    }
    before = await world.state(brand.master)
    assert await code_of(api, "shareUpdate", brand.owner, **prolonged) == "ALREADY_SHARED"
    assert await world.state(brand.master) == before
    await done(api, "shareUpdate", brand.owner, **prolonged | {"accountIds": [brand.uk.id]})
    assert (await seen_by(api, person)).keys() == {brand.us.id, brand.uk.id}


async def test_no_account_is_added_for_its_own_member(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    person = await world.person()
    share = await given(api, database, brand, person, offer_of([brand.us], person))
    await world.member(brand.uk, BuiltinRole.ANALYST, person)
    wider = {"shareId": share["id"], "expectedVersion": share["version"], "areas": ["STATISTICS"]}
    before = await world.state(brand.master)
    both = [brand.us.id, brand.uk.id]
    assert await code_of(api, "shareUpdate", brand.owner, **wider, accountIds=both) == "ALREADY_MEMBER"
    assert await world.state(brand.master) == before
    await done(api, "shareUpdate", brand.owner, **wider, accountIds=[brand.us.id, brand.store.id])


async def test_a_newer_offer_takes_only_its_own_accounts(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """Whoever manages one account takes nothing away in another."""
    person, local = await world.person(), await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await done(api, "shareCreate", brand.owner, SHARE, **offer_of([brand.us, brand.uk], person))
    await done(api, "shareCreate", local, SHARE, **offer_of([brand.us], person, BuiltinRole.ANALYST))
    kinds = [event["type"] for event in await events_of(api, brand.owner, brand.us.id)]
    assert kinds == ["SHARE_CREATED", "SHARE_REVOKED", "SHARE_CREATED"]
    assert [event["type"] for event in await events_of(api, brand.owner, brand.uk.id)] == ["SHARE_CREATED"]
    for mail in await mails_to(database, person.email):
        await done(api, "shareAccept", person, token=mail.token)
    seen = await seen_by(api, person)
    assert seen[brand.us.id] == {"ACCOUNT_READ", "STATISTICS_READ"}
    assert "CAMPAIGNS_SEND" in seen[brand.uk.id]


async def test_a_closed_account_holds_no_share_up(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """R25: at any time. What is suspended or closed can be taken out, and nothing else be done with it."""
    person = await world.person()
    share = await given(api, database, brand, person, offer_of([brand.us, brand.uk], person))
    await world.set_status(brand.uk, AccountStatus.CLOSED)
    change = {"shareId": share["id"], "expectedVersion": share["version"], "areas": ["STATISTICS"]}
    wider = {**change, "areas": ["CREDIT"]}
    before = await world.state(brand.master)
    both = [brand.us.id, brand.uk.id]
    assert await code_of(api, "shareUpdate", brand.owner, **wider, accountIds=both) == "ACCOUNT_CLOSED"
    assert await world.state(brand.master) == before
    await done(api, "shareUpdate", brand.owner, **change, accountIds=[brand.us.id])
    assert (await seen_by(api, person)).keys() == {brand.us.id}
    await world.set_status(brand.us, AccountStatus.SUSPENDED)
    await done(api, "shareRevoke", brand.owner, shareId=share["id"])
    assert await seen_by(api, person) == {}


async def test_whoever_changed_it_last_answers_for_it(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """T14: the offer of somebody who left is taken over by a change."""
    giver, person = await world.member(brand.us, BuiltinRole.ADMINISTRATOR), await world.person()
    made = (await done(api, "shareCreate", giver, SHARE, **offer_of([brand.us], person)))["share"]
    await done(api, "memberRemove", brand.owner, memberId=giver.id)
    token = (await mail_to(database, person.email)).token
    assert await code_of(api, "shareAccept", person, token=token) == "SHARE_REVOKED"
    change = {"expectedVersion": made["version"], "accountIds": [brand.us.id], "areas": ["STATISTICS"]}
    changed = await done(api, "shareUpdate", brand.owner, SHARE, shareId=made["id"], **change)
    assert changed["share"]["sharedBy"] == {"email": brand.owner.person.email}
    await done(api, "shareAccept", person, token=token)
    assert await seen_by(api, person) == {brand.us.id: {"ACCOUNT_READ", "STATISTICS_READ"}}


async def test_whoever_could_not_give_it_does_not_end_it(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """T4: neither a key that may less, nor another guest, nor the guest himself who wants more."""
    person, guest = await world.person(), await world.person()
    managing = frozenset({Permission.ACCOUNT_READ, Permission.MEMBERS_READ, Permission.MEMBERS_WRITE})
    key = await world.api_key(brand.us, scopes=mask_of(managing))
    share = await given(api, database, brand, person, offer_of([brand.us], person))
    offer = offer_of([brand.us], guest, BuiltinRole.ADMINISTRATOR)
    own = await given(api, database, brand, guest, offer)
    before = await world.state(brand.master)
    for caller, target, code in (
        (key, share, "ROLE_TOO_WIDE"),
        (guest, share, "REACHED_BY_SHARE"),
        (guest, own, "REACHED_BY_SHARE"),
    ):
        change = {"shareId": target["id"], "expectedVersion": target["version"], "areas": ["MEMBERS"]}
        assert await code_of(api, "shareRevoke", caller, shareId=target["id"]) == code
        assert await code_of(api, "shareUpdate", caller, **change, accountIds=[brand.us.id]) == code
    assert await world.state(brand.master) == before
    await done(api, "shareRevoke", brand.owner, shareId=share["id"])


async def test_a_key_of_idempotency_holds_for_the_whole_tree(api: Api, world: World, brand: Brand) -> None:
    """T17: the same key with other accounts is no second share."""
    offer = offer_of([brand.us], await world.person()) | {"idempotencyKey": "once"}
    await done(api, "shareCreate", brand.owner, **offer)
    before = await world.state(brand.master)
    elsewhere = offer | {"accountIds": [brand.uk.id]}
    assert await code_of(api, "shareCreate", brand.owner, **elsewhere) == "IDEMPOTENCY_MISMATCH"
    assert await world.state(brand.master) == before


async def test_what_ends_before_it_is_accepted_is_not_offered(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    person = await world.person()
    later = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).isoformat()
    await done(api, "shareCreate", brand.owner, **offer_of([brand.us], person, expiresAt=later))
    token = (await mail_to(database, person.email)).token
    assert (await api.read(PREVIEW, token=token))["share"]["accountNames"] == ["Marketing US"]
    await _expire(database, person)
    assert (await api.read(PREVIEW, token=token))["share"] is None
    refused = await attempt(api, "shareAccept", person, token=token)
    assert refused.code == "SHARE_EXPIRED"
    assert await seen_by(api, person) == {}


async def test_a_change_that_changes_nothing_is_no_event(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """And one that does tells what it was and what it is, without a word of the other accounts."""
    person = await world.person()
    share = await given(
        api, database, brand, person, offer_of([brand.us, brand.uk], person, None, areas=["CREDIT"])
    )
    same = {"shareId": share["id"], "accountIds": [brand.us.id, brand.uk.id], "areas": ["CREDIT"]}
    await done(api, "shareUpdate", brand.owner, **same, expectedVersion=share["version"])
    assert (await last_event(api, brand.owner, brand.us.id))["type"] == "SHARE_ACCEPTED"
    narrower = same | {"areas": ["STATISTICS"], "expectedVersion": share["version"]}
    await done(api, "shareUpdate", brand.owner, **narrower)
    event = await last_event(api, brand.owner, brand.us.id)
    described: dict[str, object] = {"email": person.email, "role": None, "hiddenAreas": [], "expiresAt": None}
    assert event["type"] == "SHARE_UPDATED"
    assert event["before"] == described | {"areas": ["CREDIT"]}
    assert event["after"] == described | {"areas": ["STATISTICS"]}


async def test_the_values_that_it_has_change_nothing(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """No version and no event, in whatever order they are told, where its giver tells them."""
    person = await world.person()
    offer = offer_of([brand.us, brand.uk], person, None, areas=["STATISTICS", "CONTACTS"])
    share = await given(api, database, brand, person, offer)
    same = {"accountIds": [brand.uk.id, brand.us.id], "areas": ["CONTACTS", "STATISTICS"], "hiddenAreas": []}
    before = await world.state(brand.master)
    for values in ({}, same):
        told = {"shareId": share["id"], "expectedVersion": share["version"], **values}
        await done(api, "shareUpdate", brand.owner, **told)
    assert await world.state(brand.master) == before
