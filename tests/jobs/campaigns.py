"""An account whose plan is used up, so that what it sends more takes credit."""

from collections.abc import Sequence

from tests.client.api import Api
from tests.world.brand import Brand
from tests.world.credit import give_credit, own_balances
from tests.world.plans import make_plan, subscribe
from tests.world.sends import reserved
from tests.world.world import World

PRICE = 100
"""Of a send beyond the plan, in micro-units."""
CREDIT = 1000


async def begin_selling(world: World, brand: Brand) -> None:
    """The brand has a plan with twenty sends, and the US team, whose credit its store spends, has CREDIT."""
    await subscribe(world, brand.master, await make_plan(world, send_price=PRICE, active_contacts=50))
    await own_balances(world, brand.us)
    await give_credit(world, brand.us, CREDIT)


def names(count: int, prefix: str = "n") -> Sequence[str]:
    """So many people."""
    return [f"{prefix}{number}" for number in range(count)]


async def send_beyond(api: Api, brand: Brand) -> str:
    """The store books twenty sends, and then two beyond the plan to two more contacts. The latter's id."""
    await reserved(api, brand.owner, brand.store, *names(20))
    return await reserved(api, brand.owner, brand.store, "ann", "bob")
