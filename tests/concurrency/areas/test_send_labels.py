"""New labels that meet at the limit of an account's labels: one of them is the last (T35)."""

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.sending.tables import send_cycles, send_labels
from resolvers.sending.labels import MOST_LABELS
from tests.client.api import Api
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import brand_of
from tests.world.plans import make_plan, subscribe
from tests.world.sends import check_counts, reserve, reserved, used
from tests.world.world import World


async def test_the_last_label_is_given_once(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        await subscribe(world, brand.master, await make_plan(world))
        await reserved(api, brand.owner, brand.us, "ann")
        async with database.begin() as connection:
            cycle = select(send_cycles.c.id).where(send_cycles.c.master_id == brand.master.master)
            place = {"master_id": brand.us.master, "account_id": brand.us.key}
            place |= {"cycle_id": (await connection.execute(cycle)).scalar_one()}
            rows = [place | {"label": f"other {number}"} for number in range(MOST_LABELS - 1)]
            await connection.execute(insert(send_labels), rows)
        found = await at_once(
            *[reserve(api, brand.owner, brand.us, "ann", label=label) for label in ("May", "June", "July")]
        )
        assert sorted(one.code for one in found) == ["", *["LABEL_LIMIT_REACHED"] * 2]
        assert await used(api, brand.owner, brand.us) == (1, 2)
        async with database.connect() as connection:
            count = select(func.count()).where(send_labels.c.account_id == brand.us.key)
            assert (await connection.execute(count)).scalar_one() == MOST_LABELS
        await check_counts(database, brand.master)


async def test_the_same_new_label_at_once_is_one(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        await subscribe(world, brand.master, await make_plan(world))
        found = await at_once(*[reserve(api, brand.owner, brand.us, "ann", label="May") for _ in range(3)])
        assert [one.code for one in found] == ["", "", ""]
