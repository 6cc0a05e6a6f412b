"""The owners are asked who and what from outside keeps its access."""

import datetime

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from models.domains.tables import DomainKind
from models.people.users import users
from tests.areas.access_review.giving import let_time_pass, make_due, work
from tests.areas.access_review.matrix import in_ten_days
from tests.areas.access_review.scene import ALL, ASKED, REVIEWS, Scene
from tests.areas.effects.log import events_of, mails_to
from tests.client.mutations import attempt, code_of, done
from tests.world.domains import give_domain


async def test_what_is_asked_about(scene: Scene) -> None:
    """In each account what is from outside: no owner, and nobody with a role above."""
    insider = await scene.world.member(scene.brand.master, BuiltinRole.OWNER)
    await scene.world.member(scene.brand.us, BuiltinRole.ANALYST, insider.person)
    await scene.world.member(scene.brand.us, BuiltinRole.OWNER)
    asked = (await scene.start())["asked"]
    us, uk = scene.brand.us.id, scene.brand.uk.id
    assert {(each["accountId"], each["kind"], each["subjectId"]) for each in asked} == {
        (us, "MEMBER", scene.member.id),
        (us, "SHARE", scene.share.id),
        (uk, "SHARE", scene.share.id),
        (us, "API_KEY", scene.key.id),
    }
    review = await scene.review(scene.brand.us)
    assert (review["isOpen"], review["waitingCount"], review["account"]["id"]) == (True, 3, us)
    assert review["startedBy"]["id"] == scene.brand.owner.person.id
    items = await scene.items(scene.brand.us)
    assert items["MEMBER"]["user"]["id"] == scene.member.person.id
    assert items["SHARE"]["share"]["id"] == scene.share.id
    assert items["API_KEY"]["apiKey"]["id"] == scene.key.id
    assert await scene.access() == ALL
    kinds = [event["type"] for event in await events_of(scene.api, scene.brand.owner, us)]
    assert kinds[0] == "ACCESS_REVIEW_STARTED"
    assert (await scene.start())["asked"] == []


async def test_a_verified_address_of_the_company_is_not_from_outside(scene: Scene) -> None:
    """At a domain that the tree has proved for signing in."""
    person = scene.member.person
    domain = await give_domain(scene.world, scene.brand.master, kind=DomainKind.SIGN_IN, verified=True)
    address = f"{person.key.hex}@{domain.name}"
    moved = update(users).where(users.c.id == person.key)
    async with scene.world.database.begin() as connection:
        await connection.execute(moved.values(email=address, email_canonical=address))
    asked = (await scene.start(dryRun=True))["asked"]
    assert "MEMBER" not in [each["kind"] for each in asked]
    stranger = await scene.world.member(scene.brand.us, BuiltinRole.ANALYST)
    asked = (await scene.start(dryRun=True))["asked"]
    assert [each["subjectId"] for each in asked if each["kind"] == "MEMBER"] == [stranger.id]
    async with scene.world.database.begin() as connection:
        unproved = update(users).where(users.c.id == person.key).values(email_verified_at=None)
        await connection.execute(unproved)
    asked = (await scene.start(dryRun=True))["asked"]
    members = {each["subjectId"] for each in asked if each["kind"] == "MEMBER"}
    assert members == {scene.member.id, stranger.id}


async def test_what_was_not_used_is_marked(scene: Scene) -> None:
    """For 90 days; what was given later is not."""
    assert {each["unused"] for each in (await scene.start(dryRun=True))["asked"]} == {False}
    await let_time_pass(scene.world, scene.brand.master)
    marked = {each["kind"]: each["unused"] for each in (await scene.start(dryRun=True))["asked"]}
    assert marked == {"MEMBER": False, "SHARE": False, "API_KEY": True}
    async with scene.world.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE sessions SET last_seen_at = now() - interval '91 days'")
        await connection.exec_driver_sql("DELETE FROM devices")
    owner = await scene.world.member(scene.brand.master, BuiltinRole.OWNER)
    values = {"accountId": scene.brand.master.id, "endsAt": in_ten_days(), "dryRun": True}
    tried = await done(scene.api, "accessReviewStart", owner, ASKED, **values)
    assert {each["unused"] for each in tried["asked"]} == {True}


async def test_a_dry_run_asks_nobody(scene: Scene) -> None:
    tried = await scene.start(dryRun=True)
    assert len(tried["asked"]) == 4
    found = await scene.api.read(REVIEWS, scene.brand.owner, id=scene.brand.us.id)
    assert found["account"]["accessReviews"]["totalCount"] == 0
    assert await mails_to(scene.world.database, scene.brand.owner.person.email) == []


async def test_owners_are_mailed_once(scene: Scene, application: AsyncEngine) -> None:
    """An account without an owner is looked after by those above."""
    local = await scene.world.member(scene.brand.us, BuiltinRole.OWNER)
    await scene.start()
    (mail,) = await mails_to(scene.world.database, scene.brand.owner.person.email)
    assert "Marketing UK" in mail.body
    assert "Marketing US" not in mail.body
    (mail,) = await mails_to(scene.world.database, local.person.email)
    assert "Marketing US" in mail.body
    review = await scene.review(scene.brand.us)
    await work(application, scene.brand.us, review["id"])
    assert len(await mails_to(scene.world.database, local.person.email)) == 1
    await make_due(scene.world, review["id"], at_the_end=False)
    for _ in range(2):
        await work(application, scene.brand.us, review["id"])
    assert len(await mails_to(scene.world.database, local.person.email)) == 2
    assert (await scene.review(scene.brand.us))["isOpen"]
    assert await scene.access() == ALL


@pytest.mark.parametrize("days", [-1, 6, 91])
async def test_an_end_that_is_too_near_or_too_far(scene: Scene, days: int) -> None:
    ends_at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days, hours=1)
    values = {"accountId": scene.brand.master.id, "endsAt": ends_at.isoformat()}
    made = await attempt(scene.api, "accessReviewStart", scene.brand.owner, **values)
    assert (made.code, made.named) == ("BAD_USER_INPUT", "endsAt")
    found = await scene.api.read(REVIEWS, scene.brand.owner, id=scene.brand.us.id)
    assert found["account"]["accessReviews"]["totalCount"] == 0


async def test_who_may_ask_and_answer(scene: Scene) -> None:
    administrator = await scene.world.member(scene.brand.us, BuiltinRole.ADMINISTRATOR)
    stranger = await scene.world.member(await scene.world.account(), BuiltinRole.OWNER)
    values = {"accountId": scene.brand.us.id, "endsAt": in_ten_days()}
    assert await code_of(scene.api, "accessReviewStart", administrator, **values) == "FORBIDDEN"
    assert await code_of(scene.api, "accessReviewStart", stranger, **values) == "NOT_FOUND"
    await scene.start()
    item = {"accessReviewItemId": (await scene.items(scene.brand.us))["MEMBER"]["id"]}
    for name in ("accessReviewItemConfirm", "accessReviewItemEnd"):
        assert await code_of(scene.api, name, administrator, **item) == "FORBIDDEN"
        assert await code_of(scene.api, name, stranger, **item) == "NOT_FOUND"
        unknown = {"accessReviewItemId": present(Kind.ACCESS_REVIEW_ITEM, scene.member.person.key)}
        assert await code_of(scene.api, name, scene.brand.owner, **unknown) == "NOT_FOUND"
    review = {"accessReviewId": (await scene.review(scene.brand.us))["id"]}
    unknown = {"accessReviewId": present(Kind.ACCESS_REVIEW, scene.member.person.key)}
    assert await code_of(scene.api, "accessReviewCancel", administrator, **review) == "FORBIDDEN"
    assert await code_of(scene.api, "accessReviewCancel", stranger, **review) == "NOT_FOUND"
    assert await code_of(scene.api, "accessReviewCancel", scene.brand.owner, **unknown) == "NOT_FOUND"
    assert await scene.access() == ALL
    assert (await scene.review(scene.brand.us, administrator))["waitingCount"] == 4
