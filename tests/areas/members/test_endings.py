"""Whoever ends a membership, and in whatever way: the same is left."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.api_keys.tables import WhenMakerLosesAccess
from models.domains.tables import DomainKind
from models.members.ownership_offers import ownership_offers
from models.members.tables import memberships
from tests.areas.access_review.giving import make_due, work
from tests.areas.access_review.matrix import in_ten_days
from tests.areas.effects.log import events_of
from tests.areas.scim.directory import Directory
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Token, code_of, done
from tests.world.brand import seen_by
from tests.world.domains import give_domain
from tests.world.ownership import give_offer
from tests.world.world import PASSWORD, Account, Member, World

_REVIEW = """query ($id: ID!) { account(id: $id) { accessReviews { nodes {
  id items { nodes { id kind } } } } } }"""


@dataclass(frozen=True)
class Scene:
    """A company with a shop, in which Anna is a member by hand, and would be one by her group. The ownership
    of the shop is offered to her, and she has made keys there."""

    directory: Directory
    application: AsyncEngine
    shop: Account
    owner: Member
    anna: Member
    scim_id: str
    keys: dict[WhenMakerLosesAccess, Token]

    @property
    def api(self) -> Api:
        """The company's."""
        return self.directory.api

    async def review_item(self) -> tuple[str, str]:
        """A review of the shop, in which the keys are confirmed, and its item about Anna."""
        values = {"accountId": self.shop.id, "endsAt": in_ten_days()}
        await done(self.api, "accessReviewStart", self.owner, **values)
        found = await self.api.read(_REVIEW, self.owner, id=self.shop.id)
        (review,) = found["account"]["accessReviews"]["nodes"]
        items = review["items"]["nodes"]
        for each in items:
            if each["kind"] == "API_KEY":
                await done(self.api, "accessReviewItemConfirm", self.owner, accessReviewItemId=each["id"])
        (item,) = [each["id"] for each in items if each["kind"] == "MEMBER"]
        return review["id"], item

    async def settle(self) -> None:
        """The directory says something of Anna."""
        renamed = {"op": "replace", "path": "displayName", "value": "Anne"}
        await self.directory.patch(f"Users/{self.scim_id}", renamed)


async def _remove(scene: Scene) -> None:
    await done(scene.api, "memberRemove", scene.owner, memberId=scene.anna.id)


async def _leave(scene: Scene) -> None:
    await done(scene.api, "memberLeave", scene.anna, accountId=scene.shop.id)


async def _remove_person(scene: Scene) -> None:
    values = {"accountId": scene.shop.id, "userId": scene.anna.person.id}
    await done(scene.api, "personRemove", scene.owner, **values)


async def _answer_review(scene: Scene) -> None:
    _, item = await scene.review_item()
    await done(scene.api, "accessReviewItemEnd", scene.owner, accessReviewItemId=item)


async def _let_review_end(scene: Scene) -> None:
    review, _ = await scene.review_item()
    await make_due(scene.directory.world, review, at_the_end=True)
    await work(scene.application, scene.shop, review)


async def _deactivate(scene: Scene) -> None:
    gone = {"op": "replace", "path": "active", "value": False}
    await scene.directory.patch(f"Users/{scene.scim_id}", gone)


async def _delete_herself(scene: Scene) -> None:
    await done(scene.api, "userDelete", scene.anna, password=PASSWORD)


_WAYS: dict[Callable[[Scene], Awaitable[None]], str] = {
    _remove: "MEMBER_REMOVED",
    _leave: "MEMBER_LEFT",
    _remove_person: "MEMBER_REMOVED",
    _answer_review: "MEMBER_REMOVED",
    _let_review_end: "MEMBER_REMOVED",
    _deactivate: "MEMBER_REMOVED",
    _delete_herself: "MEMBER_LEFT",
}
"""Each with its event."""


@pytest.fixture
async def scene(api: Api, world: World, application: AsyncEngine) -> Scene:
    company = await world.account(name="Company")
    shop = await world.account(company, "Shop")
    boss = await world.member(company, BuiltinRole.OWNER)
    domain = await give_domain(world, company, kind=DomainKind.SIGN_IN, verified=True)
    directory = Directory(api, world, company, boss, await world.api_key(company), domain)
    owner = await world.member(shop, BuiltinRole.OWNER)
    person = await world.person("Anna", directory.address("anna"))
    anna = await world.member(shop, BuiltinRole.ADMINISTRATOR, person)
    keys = {}
    for when in WhenMakerLosesAccess:
        key = {"accountId": shop.id, "name": when.name, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
        made = await done(api, "apiKeyCreate", anna, "secret", **key, whenMakerLosesAccess=when.value)
        keys[when] = Token(made["secret"])
    scim_id = await directory.user("anna")
    group = await directory.group("Managers", scim_id)
    await directory.map(group, shop, BuiltinRole.ADMINISTRATOR)
    await give_offer(world, shop, anna, owner.person, owner)
    return Scene(directory, application, shop, owner, anna, scim_id, keys)


async def _rows(scene: Scene) -> tuple[int, int]:
    """Of Anna's memberships, and of the offers in the shop."""
    async with scene.directory.world.database.connect() as connection:
        held = select(func.count()).where(memberships.c.user_id == scene.anna.person.key)
        offered = select(func.count()).where(ownership_offers.c.account_id == scene.shop.key)
        return (
            (await connection.execute(held)).scalar_one(),
            (await connection.execute(offered)).scalar_one(),
        )


@pytest.mark.parametrize("way", _WAYS)
async def test_all_ways_leave_the_same(scene: Scene, way: Callable[[Scene], Awaitable[None]]) -> None:
    assert await _rows(scene) == (1, 1)
    if way in (_answer_review, _let_review_end):
        await _come_from_outside(scene)
    await way(scene)
    assert await _rows(scene) == (0, 0)
    ends = [
        (event["type"], event["subjectId"], event["before"])
        for event in await events_of(scene.api, scene.owner, scene.shop.id)
        if event["type"] in ("MEMBER_REMOVED", "MEMBER_LEFT")
    ]
    before = {"role": "ADMINISTRATOR", "expiresAt": None, "user": scene.anna.person.id}
    assert ends == [(_WAYS[way], scene.anna.id, before)]
    query = "query ($id: ID!) { node(id: $id) { id } }"
    for when, key in scene.keys.items():
        answer = await scene.api.ask(query, key, id=scene.shop.id)
        assert answer.codes == ([] if when is WhenMakerLosesAccess.KEEP else ["UNAUTHENTICATED"]), when
    if way is not _delete_herself:
        assert await seen_by(scene.api, scene.anna.person) == {}
        await scene.settle()
        assert await _rows(scene) == (0, 0), "the group gave it again"


async def _come_from_outside(scene: Scene) -> None:
    """Reviews do not ask about people with an address of the company's proved domain."""
    async with scene.directory.world.database.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE users SET email_verified_at = NULL WHERE id = $1", (scene.anna.person.key,)
        )


_OWNERS_STAY = ("memberRemove", "memberLeave", "personRemove", "userDelete")


@pytest.mark.parametrize("name", _OWNERS_STAY)
async def test_the_last_owner_stays_whatever_the_way(scene: Scene, name: str) -> None:
    values = {
        "memberRemove": {"memberId": scene.owner.id},
        "memberLeave": {"accountId": scene.shop.id},
        "personRemove": {"accountId": scene.shop.id, "userId": scene.owner.person.id},
        "userDelete": {"password": PASSWORD},
    }[name]
    caller = scene.directory.owner if name in ("memberRemove", "personRemove") else scene.owner
    before = await scene.directory.world.state(scene.directory.account)
    assert await code_of(scene.api, name, caller, **values) == "LAST_OWNER"
    assert await scene.directory.world.state(scene.directory.account) == before
    await done(scene.api, "accountClose", scene.owner, accountId=scene.shop.id)
    assert await code_of(scene.api, name, caller, **values) == ""
