"""Owners who answer an access review while a worker ends it: each access has one outcome (N12)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.access_review.giving import make_due, work
from tests.areas.access_review.matrix import in_ten_days
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of, seen_by
from tests.world.shares import give_share
from tests.world.world import Account, Person, World

_ITEMS = """query ($id: ID!) { account(id: $id) { accessReviews(first: 1) { nodes { id isOpen
  items { nodes { id decision } } } } } }"""


async def _review(api: Api, brand: Brand, account: Account) -> Any:
    found = await api.read(_ITEMS, brand.owner, id=account.id)
    return found["account"]["accessReviews"]["nodes"][0]


async def _asked(api: Api, world: World) -> tuple[Brand, Person]:
    """About a guest of two accounts."""
    brand, guest = await brand_of(world), await world.person()
    await give_share(world, [brand.us, brand.uk], guest, brand.owner.person)
    values = {"accountId": brand.master.id, "endsAt": in_ten_days()}
    await done(api, "accessReviewStart", brand.owner, **values)
    return brand, guest


def _answer(api: Api, brand: Brand, review: Any, name: str) -> Any:
    item = {"accessReviewItemId": review["items"]["nodes"][0]["id"]}
    return code_of(api, name, brand.owner, **item)


async def _ended(api: Api, brand: Brand) -> int:
    return len(await events_of(api, brand.owner, brand.us.id, "SHARE_REVOKED"))


@pytest.mark.parametrize("name", ["accessReviewItemConfirm", "accessReviewItemEnd"])
async def test_an_answer_beside_the_end(api: Api, world: World, application: AsyncEngine, name: str) -> None:
    """What was confirmed first stays; else it ends once, and the answer is refused."""
    for _ in range(ROUNDS):
        brand, guest = await _asked(api, world)
        review = await _review(api, brand, brand.us)
        await make_due(world, review["id"], at_the_end=True)
        code, *_ = await at_once(
            _answer(api, brand, review, name), *[work(application, brand.us, review["id"]) for _ in range(2)]
        )
        assert code in {"", "FAILED_PRECONDITION"}
        stays = name == "accessReviewItemConfirm" and code == ""
        after = await _review(api, brand, brand.us)
        assert after["items"]["nodes"][0]["decision"] == ("CONFIRMED" if stays else "ENDED")
        assert not after["isOpen"]
        assert (brand.us.id in await seen_by(api, guest)) is stays
        assert await _ended(api, brand) == (0 if stays else 1)


async def test_a_confirmation_that_is_late_is_refused(
    api: Api, world: World, application: AsyncEngine
) -> None:
    """The worker has the tree, and is about to write; the owner waits, and is told that it has ended."""
    brand, guest = await _asked(api, world)
    review = await _review(api, brand, brand.us)
    await make_due(world, review["id"], at_the_end=True)
    gate = Gate("UPDATE access_review_items")
    ending = asyncio.create_task(gate.holding(work(application, brand.us, review["id"])))
    await gate.reached()
    confirming = asyncio.create_task(_answer(api, brand, review, "accessReviewItemConfirm"))
    assert await waits(confirming, world.database)
    gate.open()
    await ending
    assert await confirming == "FAILED_PRECONDITION"
    assert brand.us.id not in await seen_by(api, guest)


async def test_a_cancellation_beside_the_end(api: Api, world: World, application: AsyncEngine) -> None:
    """Either nothing ends, or all has ended and the cancellation is refused."""
    for _ in range(ROUNDS):
        brand, guest = await _asked(api, world)
        review = await _review(api, brand, brand.us)
        await make_due(world, review["id"], at_the_end=True)
        code, *_ = await at_once(
            code_of(api, "accessReviewCancel", brand.owner, accessReviewId=review["id"]),
            *[work(application, brand.us, review["id"]) for _ in range(2)],
        )
        assert code in {"", "FAILED_PRECONDITION"}
        after = await _review(api, brand, brand.us)
        assert after["items"]["nodes"][0]["decision"] == (None if code == "" else "ENDED")
        assert not after["isOpen"]
        assert (brand.us.id in await seen_by(api, guest)) is (code == "")
        assert await _ended(api, brand) == (0 if code == "" else 1)


async def test_both_accounts_of_a_share_at_once(api: Api, world: World, application: AsyncEngine) -> None:
    """In the end it opens nothing, and is revoked."""
    for _ in range(ROUNDS):
        brand, guest = await _asked(api, world)
        reviews = [await _review(api, brand, account) for account in (brand.us, brand.uk)]
        codes = await at_once(*[_answer(api, brand, review, "accessReviewItemEnd") for review in reviews])
        assert codes == ["", ""]
        assert await seen_by(api, guest) == {}
        query = "query ($id: ID!) { account(id: $id) { shares { nodes { status } } } }"
        listed = [
            node["status"]
            for account in (brand.us, brand.uk)
            for node in (await api.read(query, brand.owner, id=account.id))["account"]["shares"]["nodes"]
        ]
        assert listed == ["REVOKED"]


async def test_two_starts_ask_once(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        await world.member(brand.us, BuiltinRole.ANALYST)
        values = {"accountId": brand.master.id, "endsAt": in_ten_days()}
        codes = await at_once(*[code_of(api, "accessReviewStart", brand.owner, **values) for _ in range(3)])
        assert codes == [""] * 3
        query = "query ($id: ID!) { account(id: $id) { accessReviews { totalCount } } }"
        found = await api.read(query, brand.owner, id=brand.us.id)
        assert found["account"]["accessReviews"]["totalCount"] == 1
