"""Messages of what is paused wait and those of others go; on trial they go as its hour has room (R8, R9,
T29)."""

import datetime

from sqlalchemy import select, update

from models.messages.tables import delivery_queues, messages
from models.reputation.tables import PlatformState, StateReason
from models.sending.tables import SendStream
from resolvers.reputation.states import TRIAL_SENDS
from server.database.clock import Clock
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.areas.reputation.sources import this
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.messages import mail, send
from tests.world.reputation import give_source, source_of
from tests.world.world import World


async def _due(world: World, shop: Shop) -> datetime.datetime:
    """When a worker looks at the account's messages next."""
    statement = select(delivery_queues.c.due_at).where(delivery_queues.c.account_id == shop.account.key)
    async with world.database.connect() as connection:
        moment: datetime.datetime = (await connection.execute(statement)).scalar_one()
    return moment


async def _all_due(world: World, shop: Shop) -> None:
    async with world.database.begin() as connection:
        queue = delivery_queues.c
        statement = update(delivery_queues).where(queue.account_id == shop.account.key)
        await connection.execute(statement.values(due_at=queue.due_at - datetime.timedelta(days=1)))


async def test_what_is_paused_waits_and_goes_on_when_it_is_resumed(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    """Transactional mail flows beside marketing that is paused (R9), and people's beside a key's. A worker
    does not look again at once for nothing, and does when it is resumed."""
    key = await world.api_key(shop.account)
    await send(api, shop.owner, shop.account, [mail("1", "ann@example.com")], stream="MARKETING")
    await send(api, key, shop.account, [mail("2", "ben@example.com")], stream="MARKETING")
    await send(api, shop.owner, shop.account, [mail("3", "cara@example.com")])
    await done(api, "sendingSourcePause", shop.owner, **this(shop.account))
    await site.work(shop)
    assert site.mailbox.recipients == ["ben@example.com", "cara@example.com"]
    assert (await site.statuses(shop))["ann@example.com"] == ("WAITING", None)
    now = datetime.datetime.now(datetime.UTC)
    assert (await _due(world, shop)) - now > datetime.timedelta(minutes=9)
    await done(api, "sendingSourceResume", shop.owner, **this(shop.account))
    assert await _due(world, shop) <= datetime.datetime.now(datetime.UTC)
    await site.work(shop)
    assert site.mailbox.recipients == ["ann@example.com", "ben@example.com", "cara@example.com"]
    assert await site.queued(shop) == 0


async def test_scheduled_messages_ask_when_they_are_due(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    """T29: what was scheduled before a pause waits too."""
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=2)
    given = [mail("1", sendAt=later.isoformat())]
    await send(api, shop.owner, shop.account, given, stream="MARKETING")
    await done(api, "sendingSourcePause", shop.owner, **this(shop.account))
    await site.let_pass(shop, hours=3)
    await site.work(shop)
    assert await site.statuses(shop) == {"ann@example.com": ("WAITING", None)}
    await done(api, "sendingSourceResume", shop.owner, **this(shop.account))
    await site.work(shop)
    assert site.mailbox.recipients == ["ann@example.com"]


async def test_a_trial_counts_what_waited_as_it_goes_out(
    api: Api, shop: Shop, world: World, site: Site, clock: Clock
) -> None:
    """Half-open for both: what was accepted before is counted as it is claimed, what is accepted now was
    counted by the gate. Together they never exceed the hour's sends."""
    given = [mail(str(number), f"contact{number}@example.com") for number in range(6)]
    await send(api, shop.owner, shop.account, given, stream="MARKETING")
    now = await clock.now()
    await give_source(
        world,
        shop.account,
        platform_state=PlatformState.TRIAL.value,
        platform_since=now,
        reason=StateReason.BOUNCE_RATE.value,
        trial_hour_at=now,
        trial_sends=TRIAL_SENDS - 4,
    )
    await send(api, shop.owner, shop.account, [mail("7", "new@example.com")], stream="MARKETING")
    await site.work(shop)
    assert len(site.mailbox.recipients) == 4
    assert "new@example.com" in site.mailbox.recipients
    assert (await source_of(world, shop.account)).trial_sends == TRIAL_SENDS
    more = {"accountId": shop.account.id, "stream": "MARKETING", "messages": [mail("8")]}
    assert await code_of(api, "messageSend", shop.owner, **more) == "TRIAL_LIMIT_REACHED"
    await _all_due(world, shop)
    await site.work(shop)
    assert len(site.mailbox.recipients) == 4
    hour_ago = now - datetime.timedelta(hours=1)
    await give_source(world, shop.account, trial_hour_at=hour_ago)
    await _all_due(world, shop)
    await site.work(shop)
    assert len(site.mailbox.recipients) == 7
    assert (await source_of(world, shop.account)).trial_sends == 3


async def test_a_message_that_is_refused_leaves_nothing(api: Api, shop: Shop, world: World) -> None:
    await done(api, "sendingSourcePause", shop.owner, **this(shop.account))
    before = await world.state(shop.master)
    more = {"accountId": shop.account.id, "stream": "MARKETING", "messages": [mail("1")]}
    assert await code_of(api, "messageSend", shop.owner, **more) == "SENDING_PAUSED"
    assert await world.state(shop.master) == before
    async with world.database.connect() as connection:
        found = select(messages.c.id).where(messages.c.account_id == shop.account.key)
        assert (await connection.execute(found)).all() == []
    assert (await source_of(world, shop.account, SendStream.TRANSACTIONAL)) is None
