"""What nobody confirms ends, an owner may end it before, and a canceled review ends nothing."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.members.tables import memberships
from tests.areas.access_review.giving import make_due, work
from tests.areas.access_review.matrix import in_ten_days
from tests.areas.access_review.scene import ALL, REVIEWS, Scene
from tests.areas.effects.log import events_of
from tests.client.mutations import attempt, code_of, done


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
    found = await scene.api.read(REVIEWS, local, id=scene.brand.us.id)
    newest = {"accessReviewId": found["account"]["accessReviews"]["nodes"][0]["id"]}
    assert await code_of(scene.api, "accessReviewCancel", local, **newest) == ""
