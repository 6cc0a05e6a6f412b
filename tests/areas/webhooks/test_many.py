"""Many webhooks in one tree: what happens in one account wakes those that follow it, and no others."""

from sqlalchemy import func, select, text

from models.webhooks.tables import webhooks
from tests.areas.webhooks.giving import Webhook, give_webhook
from tests.areas.webhooks.site import Site
from tests.areas.webhooks.test_delivery import rename
from tests.client.api import Api
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


async def test_an_event_elsewhere_wakes_none_of_two_thousand(
    site: Site, api: Api, brand: Brand, world: World
) -> None:
    for _ in range(_ACCOUNTS):
        await world.account(brand.store)
    await _copies(world, await _quiet(site, brand), brand)
    await rename(api, brand.owner, brand.uk, "Elsewhere")
    assert await site.courier.take() == 0
    async with world.database.connect() as connection:
        leased = select(func.count()).select_from(webhooks).where(webhooks.c.lease.is_not(None))
        assert (await connection.execute(leased)).scalar_one() == 0
    # Its own account wakes it, and one that follows all below is woken by any of them.
    await give_webhook(world, brand.uk, site.receiver.url("/own"))
    await give_webhook(world, brand.master, site.receiver.url("/all"), include_descendants=True)
    await rename(api, brand.owner, brand.uk, "Here")
    await site.deliver()
    assert len(site.receiver.at("/own")) == 1
    assert len(site.receiver.at("/all")) == 1
    assert len(site.receiver.taken) == 2


async def _quiet(site: Site, brand: Brand) -> Webhook:
    return await give_webhook(site.world, brand.us, site.receiver.url("/quiet"))


async def _copies(world: World, webhook: Webhook, brand: Brand) -> None:
    values = {"parent": brand.store.key, "number": _OF_EACH, "id": webhook.key}
    async with world.database.begin() as connection:
        made = await connection.execute(_COPIES, values)
        await connection.execute(text("ANALYZE webhooks, events"))
    assert made.rowcount == _ACCOUNTS * _OF_EACH
