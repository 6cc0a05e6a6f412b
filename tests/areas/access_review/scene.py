"""A brand whose owners are asked who and what from outside keeps its access."""

from dataclasses import dataclass
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.access_review.matrix import in_ten_days
from tests.client.api import Api, Caller
from tests.client.mutations import code_of, done
from tests.world.brand import Brand, brand_of, seen_by
from tests.world.shares import Share, give_share
from tests.world.world import Account, ApiKey, Member, Person, World

ASKED = "asked { accountId kind subjectId unused }"
REVIEWS = """query ($id: ID!) { account(id: $id) { accessReviews { totalCount nodes {
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
        return await done(self.api, "accessReviewStart", self.brand.owner, ASKED, **values)

    async def review(self, account: Account, caller: Caller | None = None) -> Any:
        """The only one of the account."""
        found = await self.api.read(REVIEWS, caller or self.brand.owner, id=account.id)
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


async def scene_of(api: Api, world: World) -> Scene:
    """Set it up."""
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
"""Everybody of the scene has access."""
