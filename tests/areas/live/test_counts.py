"""What the metrics count of streams."""

import asyncio
from collections import Counter

import httpx
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.live.serving import (
    PATIENCE,
    Stoppable,
    opened,
    serving,
    signed_in,
)
from tests.areas.live.streaming import account, gauges, key, own, until_gauges
from tests.areas.live.test_event_streams import STREAM, USAGE
from tests.world.usage import give_sends
from tests.world.world import Account, ApiKey, World

__all__ = ["account", "key", "own"]


async def test_metrics_count_what_is_open_and_watched(own: Stoppable, key: ApiKey, account: Account) -> None:
    """The caller itself is watched, and the account once, however often it is asked for."""
    before = gauges()
    async with signed_in(own, key) as socket_:
        for id_ in ("1", "2"):
            await socket_.subscribe(id_, USAGE, id=account.id)
            await socket_.next_of(id_)
        async with opened(own):
            await until_gauges((before[0] + 2, before[1] + 2))
    await until_gauges(before)


@pytest.mark.parametrize("over", ["socket", "event stream"])
async def test_the_answers_of_a_stream_count_and_not_the_stream(
    settings: Settings, addresses: DatabaseAddresses, world: World, key: ApiKey, account: Account, over: str
) -> None:
    """It is open for longer than an operation may take, and no line calls it slow."""
    name = "Counted" + over.title().replace(" ", "")
    query = USAGE.replace("subscription", f"subscription {name}")
    body = {"query": query, "variables": {"id": account.id}}
    headers = {"accept": STREAM, "authorization": f"Bearer {key.token}"}
    longer_before = _longer_than_a_second()
    slow = settings.model_copy(update={"slow_seconds": 1.0})
    with capture_logs() as lines, serving(slow, addresses.application) as own:
        if over == "socket":
            async with signed_in(own, key) as socket_:
                await socket_.subscribe("1", query, id=account.id)
                await socket_.next_of("1")
                await asyncio.sleep(1.2)
                await give_sends(world, account, 3)
                await socket_.next_of("1")
        else:
            async with (
                httpx.AsyncClient(timeout=PATIENCE) as http,
                http.stream("POST", own.url, json=body, headers=headers) as response,
            ):
                events = (line async for line in response.aiter_lines() if line.startswith("event: next"))
                await anext(events)
                await asyncio.sleep(1.2)
                await give_sends(world, account, 3)
                await anext(events)
    assert [line for line in lines if line["event"] == "request" and line["duration_ms"] > 1_000]
    assert [line for line in lines if line["event"] == "slow operation"] == []
    answered = {"operation": name, "way": "compiled", "outcome": "answered"}
    assert REGISTRY.get_sample_value("mandant_operations_total", answered) == 2
    assert _longer_than_a_second() == longer_before


@pytest.mark.parametrize("kind", ["query", "subscription"])
async def test_what_is_refused_before_it_runs_counts_as_over_http(
    settings: Settings, addresses: DatabaseAddresses, key: ApiKey, kind: str
) -> None:
    """By a rule of the schema, by its depth, by what its answer may have, by a form that is none."""
    name = f"Refused{kind.title()}"
    deep = "{ parent " * 25 + "{ id }" + " }" * 25
    bodies = [
        f"{kind} {name} {{ nothing }}",
        f'{kind} {name}Deep {{ account(id: "x") {deep} }}',
        f"{kind} {name}",
        "",
    ]
    before = _refused()
    with serving(settings, addresses.application) as own:
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            for query in bodies:
                headers = {"authorization": f"Bearer {key.token}"}
                answer = await http.post(own.url, json={"query": query}, headers=headers)
                assert answer.json()["errors"]
        over_http = _refused() - before
        async with signed_in(own, key) as socket_:
            for number, query in enumerate(bodies):
                await socket_.subscribe(str(number), query)
                await socket_.next_of(str(number), "error")
    assert sum(over_http.values()) == len(bodies)
    assert _refused() - before - over_http == over_http


def _refused() -> Counter[tuple[str, str, str]]:
    """How many operations were refused before they ran, by name, way and outcome."""
    return Counter(
        {
            (each.labels["operation"], each.labels["way"], each.labels["outcome"]): int(each.value)
            for metric in REGISTRY.collect()
            for each in metric.samples
            if each.name == "mandant_operations_total" and each.labels["way"] == "refused"
        }
    )


def _longer_than_a_second() -> float:
    samples = [
        sample
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name.startswith("mandant_operation_seconds")
    ]
    all_ = sum(each.value for each in samples if each.name.endswith("_count"))
    return all_ - sum(each.value for each in samples if each.labels.get("le") == "1.0")
