"""Labels of sends: kept, told, and few (R56, R57, T35)."""

import pytest
from sqlalchemy import insert, select

from models.sending.tables import send_cycles, send_labels
from resolvers.sending.labels import MOST_LABELS
from server.database.clock import Clock
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.brand import Brand
from tests.world.plans import make_plan, subscribe
from tests.world.sends import booking, reserve, reserved, settle
from tests.world.world import Account, World

_SHOWN = "replayed reservation { id label }"


@pytest.fixture
async def small(brand: Brand, world: World) -> Brand:
    """The brand with a plan of its own."""
    await subscribe(world, brand.master, await make_plan(world))
    return brand


async def _use_labels(world: World, account: Account, number: int) -> None:
    """The account has used so many other labels in each cycle that its tree has begun."""
    async with world.database.begin() as connection:
        cycles = select(send_cycles.c.id).where(send_cycles.c.master_id == account.master)
        for cycle_id in (await connection.execute(cycles)).scalars().all():
            place = {"master_id": account.master, "account_id": account.key, "cycle_id": cycle_id}
            rows = [place | {"label": f"other {one}"} for one in range(number)]
            await connection.execute(insert(send_labels), rows)


async def test_a_label_is_kept_and_told(api: Api, small: Brand) -> None:
    values = booking(small.us, "ann", key="one")
    marked = await attempt(api, "sendReserve", small.owner, _SHOWN, **values, label="  Spring Ω 🦊 ")
    plain = await attempt(api, "sendReserve", small.owner, _SHOWN, **booking(small.us, "ann"))
    assert marked.payload["reservation"]["label"] == "Spring Ω 🦊"
    assert plain.payload["reservation"]["label"] is None
    without, with_one = (event["after"] for event in await events_of(api, small.owner, small.us.id))
    assert ("label" in without, with_one["label"]) == (False, "Spring Ω 🦊")


async def test_a_label_is_part_of_the_request(api: Api, small: Brand, world: World) -> None:
    """T17: the same key with another label, or without one, is another request."""
    values = booking(small.us, "ann", key="one")
    first = await attempt(api, "sendReserve", small.owner, _SHOWN, **values, label="Spring")
    before = await world.state(small.master)
    for same in ("Spring ", "SPRING"):
        again = await attempt(api, "sendReserve", small.owner, _SHOWN, **values, label=same)
        assert again.payload == first.payload | {"replayed": True}
    for other in ("Sprung", None):
        refused = await attempt(api, "sendReserve", small.owner, _SHOWN, **values, label=other)
        assert refused.code == "IDEMPOTENCY_MISMATCH"
    assert await world.state(small.master) == before


async def test_what_can_be_no_label(api: Api, small: Brand, world: World) -> None:
    await reserved(api, small.owner, small.us, "ann", label="x" * 50)
    before = await world.state(small.master)
    for wrong in ("", " \t", "x" * 51, "two\nlines", "two\u2028lines", "a\x07b", "\u200b", "a\u202eb"):
        refused = await reserve(api, small.owner, small.us, "ann", label=wrong)
        assert refused.code == "BAD_USER_INPUT", wrong
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", "label"]
    assert await world.state(small.master) == before


async def test_an_account_has_few_labels_in_a_cycle(
    api: Api, small: Brand, world: World, clock: Clock
) -> None:
    """T35: one more is refused. Those that it has used, none, others' and the next cycle's are not."""
    first = await reserved(api, small.owner, small.us, "ann", label="Spring")
    await _use_labels(world, small.us, MOST_LABELS - 2)
    await reserved(api, small.owner, small.us, "ann", label="Summer")
    assert await settle(api, small.owner, "sendVoid", first) == ""
    before = await world.state(small.master)
    assert (await reserve(api, small.owner, small.us, "ann", label="Autumn")).code == "LABEL_LIMIT_REACHED"
    assert await world.state(small.master) == before
    await reserved(api, small.owner, small.us, "ann", label="Spring")
    await reserved(api, small.owner, small.us, "ann", label="Summer")
    await reserved(api, small.owner, small.us, "ann")
    await reserved(api, small.owner, small.uk, "ann", label="Autumn")
    await clock.forward(days=32)
    await reserved(api, small.owner, small.us, "ann", label="Autumn")
