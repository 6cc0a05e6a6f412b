"""The owners are asked who and what from outside keeps its access; what nobody confirms ends."""

import datetime
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from models.domains.tables import DomainKind
from models.members.tables import memberships
from models.people.users import users
from tests.areas.access_review.giving import let_time_pass, make_due, work
from tests.areas.access_review.matrix import in_ten_days
from tests.areas.effects.log import events_of, mails_to
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of, done
from tests.world.brand import Brand, brand_of, seen_by
from tests.world.domains import give_domain
from tests.world.shares import Share, give_share
from tests.world.world import Account, ApiKey, Member, Person, World

_ASKED = "asked { accountId kind subjectId unused }"
_REVIEWS = """query ($id: ID!) { account(id: $id) { accessReviews { totalCount nodes {
  id isOpen waitingCount endsAt canceledAt account { id } startedBy { id }
  items { nodes { id kind unused decision decidedBy { id } user { id } share { id } apiKey { id } } }
} } } }"""


@dataclass(frozen=True)
class Scene:
    """A brand. In its team US there are a member from outside, a guest, who sees UK too, and a key."""

    api: Api
    world: World
    brand: Brand
    member: Member
    guest: Person
    share: Share
    key: ApiKey

    async def start(self, **more: Any) -> Any:
        """Ask in all of the brand."""
        values = {"accountId": self.brand.master.id, "endsAt": in_ten_days(), **more}
        return await done(self.api, "accessReviewStart", self.brand.owner, _ASKED, **values)

    async def review(self, account: Account, caller: Caller | None = None) -> Any:
        """The only one of the account."""
        found = await self.api.read(_REVIEWS, caller or self.brand.owner, id=account.id)
        (review,) = found["account"]["accessReviews"]["nodes"]
        return review

    async def items(self, account: Account) -> dict[str, Any]:
        """The items of the account's review, by what they ask about."""
        return {item["kind"]: item for item in (await self.review(account))["items"]["nodes"]}

    async def answer(self, name: str, item: Any, **more: Any) -> str:
        """The code with which the owner's answer is refused; empty if it was done."""
        return await code_of(self.api, name, self.brand.owner, accessReviewItemId=item["id"], **more)

    async def access(self) -> tuple[bool, bool, bool, bool]:
        """Whether the member, the guest in US and in UK, and the key have access."""
        seen = await seen_by(self.api, self.guest)
        query = "query ($id: ID!) { node(id: $id) { ... on Account { name } } }"
        by_key = await self.api.ask(query, self.key, id=self.brand.us.id)
        return (
            self.brand.us.id in await seen_by(self.api, self.member),
            self.brand.us.id in seen,
            self.brand.uk.id in seen,
            not by_key.codes,
        )


@pytest.fixture
async def scene(api: Api, world: World) -> Scene:
    brand = await brand_of(world)
    guest = await world.person()
    return Scene(
        api,
        world,
        brand,
        await world.member(brand.us, BuiltinRole.ANALYST),
        guest,
        await give_share(world, [brand.us, brand.uk], guest, brand.owner.person),
        await world.api_key(brand.us, BuiltinRole.ANALYST),
    )


ALL = (True, True, True, True)


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
    tried = await done(scene.api, "accessReviewStart", owner, _ASKED, **values)
    assert {each["unused"] for each in tried["asked"]} == {True}


async def test_a_dry_run_asks_nobody(scene: Scene) -> None:
    tried = await scene.start(dryRun=True)
    assert len(tried["asked"]) == 4
    found = await scene.api.read(_REVIEWS, scene.brand.owner, id=scene.brand.us.id)
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


async def test_what_nobody_confirms_ends(scene: Scene, application: AsyncEngine) -> None:
    """In this account alone, with the events of what ended; what was confirmed stays."""
    await scene.start()
    items = await scene.items(scene.brand.us)
    assert await scene.answer("accessReviewItemConfirm", items["API_KEY"]) == ""
    review = await scene.review(scene.brand.us)
    await make_due(scene.world, review["id"], at_the_end=True)
    for _ in range(2):
        await work(application, scene.brand.us, review["id"])
    assert await scene.access() == (False, False, True, True)
    ended = await scene.items(scene.brand.us)
    assert {kind: item["decision"] for kind, item in ended.items()} == {
        "MEMBER": "ENDED",
        "SHARE": "ENDED",
        "API_KEY": "CONFIRMED",
    }
    assert ended["MEMBER"]["decidedBy"] is None
    assert ended["API_KEY"]["decidedBy"]["id"] == scene.brand.owner.person.id
    assert not (await scene.review(scene.brand.us))["isOpen"]
    told = await events_of(scene.api, scene.brand.owner, scene.brand.us.id)
    assert sorted(event["type"] for event in told[:3]) == [
        "ACCESS_CONFIRMED",
        "MEMBER_REMOVED",
        "SHARE_REVOKED",
    ]
    query = "query ($id: ID!) { account(id: $id) { events(first: 2) { nodes { reason actor { id } } } } }"
    found = await scene.api.read(query, scene.brand.owner, id=scene.brand.us.id)
    by_nobody = {"reason": "Nobody confirmed it in the access review.", "actor": None}
    assert found["account"]["events"]["nodes"] == [by_nobody] * 2
    for name in ("accessReviewItemConfirm", "accessReviewItemEnd"):
        assert await scene.answer(name, items["MEMBER"]) == "FAILED_PRECONDITION"
    review = await scene.review(scene.brand.uk)
    await make_due(scene.world, review["id"], at_the_end=True)
    await work(application, scene.brand.uk, review["id"])
    assert await scene.access() == (False, False, False, True)


async def test_an_owner_ends_it_at_once(scene: Scene) -> None:
    await scene.start()
    items = await scene.items(scene.brand.us)
    tried = await done(
        scene.api,
        "accessReviewItemEnd",
        scene.brand.owner,
        "accessChanges { subjectName lost }",
        accessReviewItemId=items["API_KEY"]["id"],
        dryRun=True,
    )
    assert [bool(change["lost"]) for change in tried["accessChanges"]] == [True]
    assert await scene.access() == ALL
    for item in items.values():
        assert await scene.answer("accessReviewItemEnd", item) == ""
        assert await scene.answer("accessReviewItemConfirm", item) == "FAILED_PRECONDITION"
    assert await scene.access() == (False, False, True, False)
    assert (await scene.review(scene.brand.us))["waitingCount"] == 0


async def test_who_has_become_an_owner_stays(scene: Scene, application: AsyncEngine) -> None:
    """An account never loses its last owner by a review."""
    await scene.start()
    item = (await scene.items(scene.brand.us))["MEMBER"]
    owns = update(memberships).where(memberships.c.user_id == scene.member.person.key)
    async with scene.world.database.begin() as connection:
        await connection.execute(owns.values(role_id=BuiltinRole.OWNER.id))
    assert await scene.answer("accessReviewItemEnd", item) == "FAILED_PRECONDITION"
    review = await scene.review(scene.brand.us)
    await make_due(scene.world, review["id"], at_the_end=True)
    await work(application, scene.brand.us, review["id"])
    query = "query ($id: ID!) { account(id: $id) { members { nodes { id } } } }"
    found = await scene.api.read(query, scene.member, id=scene.brand.us.id)
    assert scene.member.id in [node["id"] for node in found["account"]["members"]["nodes"]]
    assert (await scene.items(scene.brand.us))["MEMBER"]["decision"] == "CONFIRMED"


async def test_nobody_confirms_their_own(scene: Scene) -> None:
    await scene.start()
    items = await scene.items(scene.brand.us)
    owns = update(memberships).where(memberships.c.user_id == scene.member.person.key)
    async with scene.world.database.begin() as connection:
        await connection.execute(owns.values(role_id=BuiltinRole.OWNER.id))
    values = {"accessReviewItemId": items["MEMBER"]["id"]}
    code = await code_of(scene.api, "accessReviewItemConfirm", scene.member, **values)
    assert code == "FAILED_PRECONDITION"
    assert (await scene.items(scene.brand.us))["MEMBER"]["decision"] is None


async def test_a_canceled_review_ends_nothing(scene: Scene, application: AsyncEngine) -> None:
    """What was answered stays so, what was not cannot be; a worker that comes later does nothing."""
    await scene.start()
    items = await scene.items(scene.brand.us)
    assert await scene.answer("accessReviewItemEnd", items["API_KEY"]) == ""
    review = await scene.review(scene.brand.us)
    canceled = await done(
        scene.api,
        "accessReviewCancel",
        scene.brand.owner,
        "accessReview { id isOpen waitingCount canceledAt }",
        accessReviewId=review["id"],
    )
    shown = canceled["accessReview"]
    assert (shown["id"], shown["isOpen"], shown["waitingCount"]) == (review["id"], False, 0)
    assert shown["canceledAt"] is not None
    for name in ("accessReviewItemConfirm", "accessReviewItemEnd"):
        assert await scene.answer(name, items["MEMBER"]) == "FAILED_PRECONDITION"
    again = {"accessReviewId": review["id"]}
    assert await code_of(scene.api, "accessReviewCancel", scene.brand.owner, **again) == "FAILED_PRECONDITION"
    await work(application, scene.brand.us, review["id"])
    assert await scene.access() == (True, True, True, False)
    assert {kind: item["decision"] for kind, item in (await scene.items(scene.brand.us)).items()} == {
        "MEMBER": None,
        "SHARE": None,
        "API_KEY": "ENDED",
    }
    told = await events_of(scene.api, scene.brand.owner, scene.brand.us.id)
    assert [event["type"] for event in told[:2]] == ["ACCESS_REVIEW_CANCELED", "API_KEY_REVOKED"]
    # The other account's goes on, and this one can be asked anew.
    assert (await scene.review(scene.brand.uk))["isOpen"]
    anew = (await scene.start())["asked"]
    assert {each["accountId"] for each in anew} == {scene.brand.us.id}


async def test_a_review_is_canceled_from_where_it_was_started(scene: Scene) -> None:
    """The owners of an account below do not rid themselves of the question."""
    local = await scene.world.member(scene.brand.us, BuiltinRole.OWNER)
    await scene.start()
    review = {"accessReviewId": (await scene.review(scene.brand.us))["id"]}
    made = await attempt(scene.api, "accessReviewCancel", local, **review)
    assert made.code == "FORBIDDEN"
    assert (await scene.review(scene.brand.us))["isOpen"]
    assert await code_of(scene.api, "accessReviewCancel", scene.brand.owner, **review) == ""
    own = {"accountId": scene.brand.us.id, "endsAt": in_ten_days()}
    await done(scene.api, "accessReviewStart", local, **own)
    found = await scene.api.read(_REVIEWS, local, id=scene.brand.us.id)
    newest = {"accessReviewId": found["account"]["accessReviews"]["nodes"][0]["id"]}
    assert await code_of(scene.api, "accessReviewCancel", local, **newest) == ""


@pytest.mark.parametrize("days", [-1, 6, 91])
async def test_an_end_that_is_too_near_or_too_far(scene: Scene, days: int) -> None:
    ends_at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days, hours=1)
    values = {"accountId": scene.brand.master.id, "endsAt": ends_at.isoformat()}
    made = await attempt(scene.api, "accessReviewStart", scene.brand.owner, **values)
    assert (made.code, made.named) == ("BAD_USER_INPUT", "endsAt")
    found = await scene.api.read(_REVIEWS, scene.brand.owner, id=scene.brand.us.id)
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
