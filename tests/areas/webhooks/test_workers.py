"""Several workers, and workers that die: each event comes at least once, and two are never at work on one
webhook."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.base import spans
from models.webhooks.tables import webhooks
from tests.areas.domains.name_server import free_port
from tests.areas.webhooks.giving import give_webhook
from tests.areas.webhooks.receiver import Taken, close, receiving_plainly, status, take
from tests.areas.webhooks.site import Site, courier_of
from tests.areas.webhooks.test_delivery import log_of, rename
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.client.mutations import attempt, done
from tests.engine.statements import trips
from tests.server.start.processes import PATIENCE, running
from tests.waiting import until
from tests.world.brand import Brand
from tests.world.world import World

WORKER_SETTINGS = {
    "MANDANT_SECRET_KEYS": "another secret of the tests",
    "MANDANT_PUBLIC_URL": "http://mandant.test",
    "MANDANT_WEBHOOK_PRIVATE_ADDRESSES": "true",
}
_OUTCOMES = re.compile(r'^mandant_webhook_deliveries_total{outcome="(\w+)"} (\S+)$', re.MULTILINE)
_ENDED_LEASES = update(webhooks).values(lease_ends_at=func.now() - text("interval '1 second'"))


@pytest.fixture
async def pair(site: Site) -> AsyncIterator[Site]:
    """Another courier beside the first one."""
    other = courier_of(site.own, site.dns, site.trusted)
    yield Site(site.world, site.own, site.receiver, site.dns, site.trusted, other)
    await other.close()


async def test_two_workers_deliver_each_event_once(
    site: Site, pair: Site, api: Api, brand: Brand, world: World
) -> None:
    under_way, most = Counter[str](), Counter[str]()

    async def slowly(taken: Taken, writer: asyncio.StreamWriter) -> None:
        under_way[taken.path] += 1
        most[taken.path] = max(most[taken.path], under_way[taken.path])
        await asyncio.sleep(0.02)
        under_way[taken.path] -= 1
        await take(taken, writer)

    paths = [f"/{number}" for number in range(3)]
    for path in paths:
        await give_webhook(world, brand.us, site.receiver.url(path))
        site.receiver.answers[path] = slowly

    async def write() -> None:
        for number in range(30):
            await rename(api, brand.owner, brand.us, f"Name {number}")

    writing = asyncio.create_task(write())
    while not writing.done():
        await asyncio.gather(site.deliver(), pair.deliver())
    await writing
    await asyncio.gather(site.deliver(), pair.deliver())
    log = sorted(event["id"] for event in await log_of(api, brand.owner, brand.us))
    assert len(log) == 30
    for path in paths:
        assert sorted(each.id for each in site.receiver.at(path)) == log
        assert most[path] <= 8


async def test_looks_leave_no_spans(
    site: Site, api: Api, brand: Brand, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker looks every second. What it then delivers is traced."""
    texts: list[str] = []

    def noted(name: str, attributes: spans.Attributes) -> AbstractContextManager[None]:
        texts.append(f"{name} {attributes.get('db.query.text')}")
        return nullcontext()

    monkeypatch.setattr(spans, "_make", noted)
    await site.deliver()
    assert texts == []
    await give_webhook(world, brand.us, site.receiver.url("/in"))
    await rename(api, brand.owner, brand.us, "First")
    await site.deliver()
    assert len(site.receiver.taken) == 1
    assert any("mandant_enter_for_webhook" in text for text in texts)
    assert not any("mandant_take_webhooks" in text for text in texts)


async def test_a_change_that_commits_late_is_not_missed(
    site: Site, api: Api, brand: Brand, world: World, owner_engine: AsyncEngine
) -> None:
    """A transaction that began first and ends last holds the log back, until it has ended."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    async with owner_engine.connect() as early:
        await early.execute(text("SELECT pg_current_xact_id()"))
        await rename(api, brand.owner, brand.us, "Late")
        await site.courier.deliver_all()
        assert not site.receiver.taken
        await early.commit()
    await site.deliver()
    assert await site.statuses(webhook) == ["DELIVERED"]


async def test_a_late_worker_writes_nothing(site: Site, api: Api, brand: Brand, world: World) -> None:
    """Its minute passed while the receiver was slow; another one delivers the same again."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def hold(taken: Taken, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await go_on.wait()
        await take(taken, writer)

    site.receiver.answers["/in"] = hold
    await rename(api, brand.owner, brand.us, "First")
    delivering = asyncio.create_task(site.deliver())
    await arrived.wait()
    async with world.database.begin() as connection:
        await connection.execute(_ENDED_LEASES)
    go_on.set()
    await delivering
    assert len(site.receiver.taken) == 2
    assert len({each.id for each in site.receiver.taken}) == 1
    assert await site.statuses(webhook) == ["DELIVERED"]


async def test_nothing_is_lost_by_a_worker_that_is_killed(
    site: Site, api: Api, brand: Brand, world: World, tmp_path: Path
) -> None:
    async with receiving_plainly() as receiver:
        await give_webhook(world, brand.us, receiver.url("/in", "127.0.0.1"))
        await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(12)])
        hold = asyncio.Event()

        async def held(taken: Taken, writer: asyncio.StreamWriter) -> None:
            await hold.wait()
            await take(taken, writer)

        receiver.answers["/in"] = held

        async def has_begun() -> bool:
            return len(receiver.taken) >= 8

        settings = WORKER_SETTINGS | {"DATABASE_URL": site.own.application}
        with running(tmp_path, "worker", **settings) as worker:
            await until(has_begun)
            worker.process.send_signal(signal.SIGKILL)
            worker.process.wait(PATIENCE)
        hold.set()
        receiver.answers.clear()
        async with world.database.begin() as connection:
            await connection.execute(_ENDED_LEASES)
        log = [event["id"] for event in await log_of(api, brand.owner, brand.us)]

        async def is_all() -> bool:
            return {each.id for each in receiver.taken} == set(log) and len(receiver.taken) >= 20

        with running(tmp_path, "worker", **settings) as worker:
            await until(is_all)
            worker.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(worker.process.wait, PATIENCE)
        assert Counter(Counter(each.id for each in receiver.taken).values()) == {2: 8, 1: 4}


@by_night_alone
async def test_a_worker_that_is_asked_to_end_does_nothing_more(
    site: Site, api: Api, brand: Brand, world: World, tmp_path: Path
) -> None:
    """It waits for the answers to what it has sent, and the next worker goes on at once."""
    async with receiving_plainly() as receiver:
        webhook = await give_webhook(world, brand.us, receiver.url("/in", "127.0.0.1"))
        await rename(api, brand.owner, brand.us, *[f"Name {number}" for number in range(20)])
        go_on = asyncio.Event()

        async def held(taken: Taken, writer: asyncio.StreamWriter) -> None:
            await go_on.wait()
            await take(taken, writer)

        receiver.answers["/in"] = held

        async def has_begun() -> bool:
            return len(receiver.taken) == 8

        async def is_all() -> bool:
            return await site.statuses(webhook) == ["DELIVERED"] * 20

        settings = WORKER_SETTINGS | {"DATABASE_URL": site.own.application}
        with running(tmp_path, "worker", **settings) as worker:
            await until(has_begun)
            worker.process.send_signal(signal.SIGTERM)
            go_on.set()
            assert await asyncio.to_thread(worker.process.wait, PATIENCE) == 0
            assert "Traceback" not in worker.errors
        assert len(receiver.taken) == 8
        assert Counter(await site.statuses(webhook)) == {"DELIVERED": 8, "PENDING": 12}
        assert (await site.row(webhook))["lease"] is None
        with running(tmp_path, "worker", **settings) as worker:
            await until(is_all)
            assert await asyncio.to_thread(worker.terminate) == 0
        assert len(receiver.taken) == len({each.id for each in receiver.taken}) == 20


async def test_a_worker_tells_what_it_has_delivered(
    site: Site, api: Api, brand: Brand, world: World, tmp_path: Path
) -> None:
    """On its /metrics, by how it ended; what was handed over as a message or a mail is counted apart."""
    async with receiving_plainly() as receiver:
        for path in ("/taken", "/refused", "/aborted"):
            await give_webhook(world, brand.us, receiver.url(path, "127.0.0.1"))
        receiver.answers |= {"/refused": status(503), "/aborted": close}
        await rename(api, brand.owner, brand.us, "First", "Second")
        port = free_port()
        settings = WORKER_SETTINGS | {
            "DATABASE_URL": site.own.application,
            "MANDANT_METRICS_PORT": str(port),
        }
        counted: dict[str, str] = {}

        async def all_are_counted() -> bool:
            counted.clear()
            with suppress(httpx.HTTPError):
                told = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")
                counted.update(_OUTCOMES.findall(told.text))
            return set(counted) == {"DELIVERED", "REFUSED", "NOT_ANSWERED"}

        with running(tmp_path, "worker", **settings) as worker:
            await until(all_are_counted)
            told = (await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")).text
            assert await asyncio.to_thread(worker.terminate) == 0
        assert float(counted["DELIVERED"]) == len(receiver.at("/taken")) == 2
        assert {float(counted["REFUSED"]), float(counted["NOT_ANSWERED"])} == {2.0}
        assert "mandant_deliveries_total{" not in told


async def test_deleting_while_it_is_delivered(site: Site, api: Api, brand: Brand, world: World) -> None:
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def hold(taken: Taken, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await go_on.wait()
        await take(taken, writer)

    site.receiver.answers["/in"] = hold
    await rename(api, brand.owner, brand.us, "First")
    delivering = asyncio.create_task(site.deliver())
    await arrived.wait()
    await done(api, "webhookDelete", brand.owner, webhookId=webhook.id)
    go_on.set()
    await delivering
    await site.deliver()
    assert len(site.receiver.taken) == 1


async def test_two_changes_at_once(site: Site, api: Api, brand: Brand, world: World) -> None:
    """One of two updates of the same version is refused; of two replays one is."""
    webhook = await give_webhook(world, brand.us, site.receiver.url("/in"))
    values = {"webhookId": webhook.id, "expectedVersion": 1}
    both = await asyncio.gather(
        *[attempt(api, "webhookUpdate", brand.owner, **values, description=text) for text in ("One", "Two")]
    )
    assert sorted(each.code for each in both) == ["", "CONFLICT"]
    span = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    both = await asyncio.gather(
        *[attempt(api, "webhookReplay", brand.owner, webhookId=webhook.id, **span) for _ in range(2)]
    )
    assert sorted(each.code for each in both) == ["", "FAILED_PRECONDITION"]


@pytest.mark.parametrize("failing", [False, True])
async def test_trips_do_not_grow_with_what_is_delivered(
    site: Site, api: Api, brand: Brand, world: World, *, failing: bool
) -> None:
    """To the database, for one delivery and for eight; whether they are taken or not."""
    await give_webhook(world, brand.us, site.receiver.url("/in"))
    if failing:
        site.receiver.answers["/in"] = status(500)
    counts = []
    for names in (["Warm"], ["One"], [f"Name {number}" for number in range(8)]):
        await rename(api, brand.owner, brand.us, *names)
        async with world.database.begin() as connection:
            await connection.execute(update(webhooks).values(rests_until=None))
        with trips() as found:
            await site.deliver()
        counts.append(len(found))
    assert counts[1] == counts[2] > 0
    assert len(site.receiver.taken) == 10
