"""The sample that staff look at: drawn at random, and without any address (R85)."""

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import new_id
from models.contacts.tables import contacts
from models.review.tables import review_samples, reviews
from models.staff.tables import StaffRole
from resolvers.review import sample
from resolvers.review.sample import SAMPLE_SIZE
from tests.areas.review.reviewing import request, waiting
from tests.client.api import Api
from tests.client.mutations import done
from tests.engine.paths import Path
from tests.engine.statements import statements
from tests.world.contacts import give_contact, give_full_contact
from tests.world.reviews import give_review, samples_of
from tests.world.staff import staff_member
from tests.world.world import Account, Member, World

_REVIEWS = """{ staff { reviews(first: 100) { nodes { id accountId } }
  account(id: "%s") { reviews { nodes { id status reason checkedByName sample { emailDomain } } } } } }"""


@pytest.fixture
async def account(world: World) -> Account:
    """An account without contacts."""
    return await world.account()


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    """Its owner."""
    return await world.member(account, BuiltinRole.OWNER)


async def _change(world: World, contact: uuid.UUID, **values: Any) -> None:
    async with world.database.begin() as connection:
        await connection.execute(update(contacts).where(contacts.c.id == contact).values(**values))


async def test_staff_see_what_they_need_and_no_address(
    api: Api, world: World, account: Account, owner: Member
) -> None:
    """Nor is more of it stored, whatever texts of the customer an address stands in."""
    full = (await give_full_contact(world, account)).key
    attributes = {"country": "SE", "ask olga.berg@example.net or 030 1234567": "x"}
    await _change(world, full, attributes=attributes, source="list of olga.berg@example.net, +49 30 1234567")
    short = await give_contact(world, account, "bo@example.org")
    assert full < short
    agent = await staff_member(world)
    review_id = await request(api, owner, account)
    (review,) = await waiting(api, agent, account)
    assert (review["id"], review["contacts"], review["checkedByName"]) == (review_id, 2, None)
    first, second = review["sample"]
    assert {name: value for name, value in first.items() if name != "addedAt"} == {
        "firstLetter": "a",
        "emailDomain": "example.com",
        "phoneCode": "+46",
        "attributes": ["ask … or …", "country"],
        "source": "list of … …",
    }
    assert (second["firstLetter"], second["emailDomain"], second["phoneCode"]) == (None, "example.org", None)
    stored = str(await samples_of(world, review_id))
    shown = stored + json.dumps(review)
    for whole in ("ada", "bo@", "12345678", "1234567", "olga", "SE'"):
        assert whole not in shown, whole


async def test_it_is_what_there_was_when_it_was_requested(
    api: Api, world: World, account: Account, owner: Member
) -> None:
    """Contacts that are added and erased later change nothing."""
    contact = await give_contact(world, account, "ann@example.com")
    await request(api, owner, account)
    await give_contact(world, account, "bob@example.org")
    async with world.database.begin() as connection:
        await connection.execute(delete(contacts).where(contacts.c.id == contact))
    (review,) = await waiting(api, await staff_member(world), account)
    assert [sampled["emailDomain"] for sampled in review["sample"]] == ["example.com"]


@pytest.mark.parametrize("passes", [1, 2])
async def test_each_contact_has_the_same_chance(
    api: Api, world: World, account: Account, owner: Member, passes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a hundred that came one by one, long ago, and two thousand of one import, the sample is nearly all
    of the import. By moments at random it would be nearly all of the others."""
    alone = [_row(account, number << 90 | number, "alone") for number in range(1, 101)]
    imported = [_row(account, new_id().int, "import") for _ in range(2000)]
    async with world.database.begin() as connection:
        await connection.execute(insert(contacts), alone + imported)
    if passes == 1:  # as in an account of a million
        monkeypatch.setattr(sample, "_FIRST_SHARE", 0.1)
    agent = await staff_member(world)
    seen = []
    for _ in range(2):
        with statements() as sent:
            review_id = await request(api, owner, account)
        assert sum("random()" in statement for statement in sent) == passes
        (review,) = await waiting(api, agent, account)
        assert (review["contacts"], len(review["sample"])) == (2100, SAMPLE_SIZE)
        sources = [sampled["source"] for sampled in review["sample"]]
        assert sources.count("alone") < SAMPLE_SIZE / 3
        seen.append([row.attributes for row in await samples_of(world, review_id)])
        decline = {"accountId": account.id, "reviewId": review_id, "reason": "Again."}
        await done(api, "reviewDecline", agent, **decline)
    assert seen[0] != seen[1]


@pytest.mark.parametrize("path", Path)
async def test_nobody_else_sees_it(
    api: Api, world: World, account: Account, owner: Member, path: Path
) -> None:
    """Not even the account, whose staff see all of its reviews, newest first."""
    agent, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    first = await give_review(world, account, declined_by=agent)
    second = await give_review(world, account, approver)
    query = path.of(_REVIEWS % account.id)
    seen = (await api.read(query, agent))["staff"]
    assert [node["id"] for node in seen["reviews"]["nodes"] if node["accountId"] == account.id] == [second]
    sampled = [{"emailDomain": "example.com"}]
    assert seen["account"]["reviews"]["nodes"] == [
        {"id": second, "status": "OPEN", "reason": None, "checkedByName": approver.name, "sample": sampled},
        {"id": first, "status": "DECLINED", "reason": "Bought.", "checkedByName": None, "sample": sampled},
    ]
    for caller in (owner, await world.api_key(account), await world.person()):
        assert (await api.read(query, caller))["staff"] is None


async def test_the_sample_is_kept_for_thirty_days_after_the_decision(
    api: Api, world: World, account: Account, database: AsyncEngine
) -> None:
    """Until then for as long as it waits. What is deleted by age, and when, is tested for all tables."""
    agent = await staff_member(world)
    review_id = await give_review(world, account)
    assert [row.ended_at for row in await samples_of(world, review_id)] == [None]
    decline = {"accountId": account.id, "reviewId": review_id, "reason": "Bought."}
    await done(api, "reviewDecline", agent, **decline)
    (sampled,) = await samples_of(world, review_id)
    assert sampled.ended_at is not None
    async with database.begin() as connection:
        await connection.execute(
            delete(review_samples).where(review_samples.c.review_id == sampled.review_id)
        )
        kept = await connection.execute(reviews.select().where(reviews.c.id == sampled.review_id))
        assert len(kept.all()) == 1


def _row(account: Account, number: int, source: str) -> dict[str, Any]:
    key = uuid.UUID(int=number & ((1 << 128) - 1))
    email = f"{key.hex}@example.com"
    return {
        "master_id": account.master,
        "account_id": account.key,
        "id": key,
        "email": email,
        "email_canonical": email,
        "email_digest": key.bytes,
        "attributes": {f"a{key.hex}": 1},
        "source": source,
        "version": 1,
    }
