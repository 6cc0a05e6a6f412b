"""Many webhooks in one tree: what happens in one account wakes those that it concerns, and no others."""

import pytest
from sqlalchemy import func, select, text, update

from models.webhooks.tables import webhook_news, webhook_routing, webhooks
from tests.areas.webhooks.giving import Webhook, give_webhook
from tests.areas.webhooks.site import Site
from tests.areas.webhooks.test_delivery import log_of, rename
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.settled_log import until_settled
from tests.engine.statements import trips
from tests.world.brand import Brand
from tests.world.world import World

_ACCOUNTS = 100
_OF_EACH = 20
"""As many as an account may have."""
_COPIES = text(
    "INSERT INTO webhooks SELECT (jsonb_populate_record(hook, "
    "jsonb_build_object('id', gen_random_uuid(), 'account_id', account.id))).* "
    "FROM webhooks AS hook JOIN accounts AS account ON account.parent_id = :parent "
    "CROSS JOIN generate_series(1, :number) WHERE hook.id = :id"
)


@pytest.mark.parametrize("include_descendants", [False, True])
async def test_an_event_elsewhere_wakes_none_of_two_thousand(
    site: Site, api: Api, brand: Brand, world: World, *, include_descendants: bool
) -> None:
    """What an event costs does not grow with those that it does not concern."""
    await give_webhook(world, brand.uk, site.receiver.url("/own"))
    await give_webhook(world, brand.master, site.receiver.url("/all"), include_descendants=True)
    alone = await _trips_of_an_event(site, api, brand, "Alone")
    for _ in range(_ACCOUNTS):
        await world.account(brand.store)
    quiet = await give_webhook(
        world, brand.us, site.receiver.url("/quiet"), include_descendants=include_descendants
    )
    await _copies(world, quiet, brand)
    # The courier looks once or twice more, as tasks end.
    assert await _trips_of_an_event(site, api, brand, "Beside others") < 2 * alone
    assert len(site.receiver.at("/own")) == 2
    assert len(site.receiver.at("/all")) == 2
    assert len(site.receiver.taken) == 4
    async with world.database.connect() as connection:
        woken = select(func.count()).select_from(webhooks).where(webhooks.c.turn_at.is_not(None))
        assert (await connection.execute(woken)).scalar_one() == 2


async def _trips_of_an_event(site: Site, api: Api, brand: Brand, name: str) -> int:
    await rename(api, brand.owner, brand.uk, f"{name}, first")
    await site.deliver()
    site.receiver.taken.clear()
    await rename(api, brand.owner, brand.uk, name, f"{name} again")
    await until_settled(site.world.database)
    with trips() as found:
        await site.courier.deliver_all()
    return len(found)


async def _copies(world: World, webhook: Webhook, brand: Brand) -> None:
    values = {"parent": brand.store.key, "number": _OF_EACH, "id": webhook.key}
    async with world.database.begin() as connection:
        made = await connection.execute(_COPIES, values)
        await connection.execute(text("ANALYZE webhooks, events"))
    assert made.rowcount == _ACCOUNTS * _OF_EACH


async def test_a_type_that_was_not_asked_for_wakes_nobody(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """And what is then asked for is found, however much has come before it."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await site.set_row(webhook, types=["PROMISE_MADE", "ROLE_CREATED"])
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(5)])
    await site.deliver()
    row = await site.row(webhook)
    assert row["turn_at"] is None
    role = {"accountId": brand.us.id, "name": "Reader", "permissions": ["ACCOUNT_READ"]}
    await done(api, "roleCreate", brand.owner, **role)
    await site.deliver()
    assert [each.json["type"] for each in site.receiver.taken] == ["ROLE_CREATED"]
    after = await site.row(webhook)
    assert after["read_transaction"] > row["read_transaction"]
    assert await _noted(world) == 0


async def test_types_are_those_of_the_time_of_the_event(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    """Whoever asks for more gets what comes from then on."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await site.set_row(webhook, types=["ROLE_CREATED"])
    await rename(api, brand.owner, brand.us, "Before")
    await site.deliver()
    await done(api, "webhookUpdate", brand.owner, webhookId=webhook.id, expectedVersion=1, types=[])
    await rename(api, brand.owner, brand.us, "After")
    await site.deliver()
    told = [event["id"] for event in await log_of(api, brand.owner, brand.us)][1:]
    assert sorted(each.id for each in site.receiver.taken) == sorted(told)


async def test_what_comes_while_it_is_read_is_not_forgotten(
    site: Site, api: Api, brand: Brand, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pages of two; more events are routed between any two steps of a round."""
    monkeypatch.setattr("server.webhooks.following.PAGE", 2)
    await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(5)])
    await until_settled(world.database)
    assert await site.courier.take() == 1
    for number in range(8):
        await rename(api, brand.owner, brand.us, f"Later {number}")
        await site.courier.take()
    await site.deliver()
    log = [event["id"] for event in await log_of(api, brand.owner, brand.us)]
    assert sorted(each.id for each in site.receiver.taken) == sorted(log)
    assert await _noted(world) == 0


@pytest.mark.parametrize("behind", [0, 1_000_000])
async def test_whoever_is_far_behind_routes_in_steps(
    site: Site, api: Api, brand: Brand, world: World, behind: int
) -> None:
    """Also from the log's beginning, over the gap that a restore leaves."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, "First", "Second")
    async with world.database.begin() as connection:
        back = func.greatest(0, webhook_routing.c.transaction_id - behind) if behind else 0
        await connection.execute(update(webhook_routing).values(transaction_id=back))
    await site.deliver()
    assert await site.statuses(webhook) == ["DELIVERED", "DELIVERED"]
    await site.deliver()
    assert len(site.receiver.taken) == 2


async def test_a_note_of_a_webhook_that_is_gone_is_deleted(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    webhook = await give_webhook(world, brand.us, paused=True)
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    assert await _noted(world) == 1
    await done(api, "webhookDelete", brand.owner, webhookId=webhook.id)
    await rename(api, brand.owner, brand.us, "Second")
    await site.deliver()
    assert await _noted(world) == 0


async def _noted(world: World) -> int:
    async with world.database.connect() as connection:
        found = await connection.execute(select(func.count()).select_from(webhook_news))
        return found.scalar_one()
