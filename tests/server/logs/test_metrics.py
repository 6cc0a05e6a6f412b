"""What the process counts."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

import server.start.app  # noqa: F401 - it has all metrics
from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.base.ids import new_id
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.jobs.depth import Depth
from server.jobs.effects import seal_events
from server.live import streams
from server.logs import metrics
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api
from tests.client.places import new_place
from tests.documentation.pages import DOCS, Page
from tests.server.start.processes import PATIENCE, running
from tests.waiting import until
from tests.world.world import Member, World

_OPERATE = DOCS / "operate"
_NAME = re.compile(r"\bmandant_\w+")
_SUFFIX = re.compile(r"_(bucket|sum|count)$")


@pytest.fixture
async def owner(world: World) -> Member:
    return await world.member(await world.account(), BuiltinRole.OWNER)


async def _samples(api: Api) -> dict[str, float]:
    """Each sample, by its name and labels."""
    response = await api.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    lines = [line.rpartition(" ") for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def _counter(name: str, way: str, outcome: str) -> str:
    return f'mandant_operations_total{{operation="{name}",outcome="{outcome}",way="{way}"}}'


async def test_operations_are_counted_by_name_way_and_outcome(api: Api, owner: Member) -> None:
    await api.read("{ viewer { id } }", owner)
    before = await _samples(api)
    await api.read("query MetricsA { viewer { id } }", owner)
    await api.read("query MetricsA { viewer { id } }", owner)
    await api.read("query MetricsB { viewer { id } __schema { queryType { name } } }", owner)
    await api.ask("mutation MetricsC { signUp(input: {}) { userErrors { code } } }", owner)
    await api.ask(
        'mutation MetricsD { accountClose(input: {accountId: "acct_1"}) { userErrors { code } } }', owner
    )
    after = await _samples(api)
    found = {name: after[name] - before.get(name, 0) for name in after if "operations_total" in name}
    assert found[_counter("MetricsA", "compiled", "answered")] == 2
    assert found[_counter("MetricsB", "reference", "answered")] == 1
    assert found[_counter("other", "refused", "refused")] == 1
    assert found[_counter("MetricsD", "mutation", "refused")] == 1
    known = 'mandant_plans_total{found="known"}'
    assert after[known] - before[known] >= 1
    assert after["mandant_plan_bytes"] > 0
    assert after["mandant_sql_seconds_count"] - before["mandant_sql_seconds_count"] == 2
    code = 'mandant_refusals_total{code="NOT_FOUND"}'
    assert after[code] - before.get(code, 0) == 1


async def test_strangers_make_no_labels(api: Api, owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    """And those who are known make so many at most."""
    for number in range(5):
        await api.ask(f"query Stranger{number} {{ viewer {{ id }} }}")
    assert not any("Stranger" in name for name in await _samples(api))
    monkeypatch.setattr(metrics, "_MOST_NAMES", len(metrics._names) + 1)
    await api.read("{ viewer { id } }", owner)
    for number in range(3):
        await api.read(f"query Known{number} {{ viewer {{ id }} }}", owner)
    assert sum("operations_total" in name and "Known" in name for name in await _samples(api)) == 1


async def test_what_waits_is_read_from_the_database(
    api: Api, addresses: DatabaseAddresses, database: AsyncEngine
) -> None:
    engine = connect_as_application(addresses.application, 1)
    add = text(
        "INSERT INTO pgq.pgqueuer (entrypoint, payload, priority, status, created, execute_after) "
        "SELECT 'statistics_roll_up', 'x', 1, 'failed', since, since "
        "FROM (SELECT now() - interval '1 hour') AS at (since)"
    )
    async with database.begin() as connection:
        await connection.execute(add)
    try:
        await Depth(WriteSessions(engine)).look()
        found = await _samples(api)
    finally:
        async with database.begin() as connection:
            await connection.execute(text("DELETE FROM pgq.pgqueuer WHERE payload = 'x'"))
        await engine.dispose()
    labels = '{kind="statistics_roll_up",status="failed"}'
    assert found[f"mandant_waiting_jobs{labels}"] == 1
    assert 3_590 < found[f"mandant_oldest_job_seconds{labels}"] < 3_700


async def test_events_without_a_seal_are_seen(
    api: Api, addresses: DatabaseAddresses, database: AsyncEngine, owner: Member
) -> None:
    engine = connect_as_application(addresses.application, 1)
    place = {"tree": owner.account.master, "account": owner.account.key, "id": new_id()}
    add = text(
        "INSERT INTO events (master_id, account_id, id, type, subject_id, created_at) "
        "VALUES (:tree, :account, :id, 'account.updated', 'x', now() - interval '1 hour')"
    )
    await seal_events(engine)
    async with database.begin() as connection:
        await connection.execute(add, place)
    try:
        await Depth(WriteSessions(engine)).look()
        assert 3_590 < (await _samples(api))["mandant_unsealed_seconds"] < 3_700

        async def is_sealed() -> bool:
            await seal_events(engine)
            await Depth(WriteSessions(engine)).look()
            return (await _samples(api))["mandant_unsealed_seconds"] < 3_590

        await until(is_sealed)
    finally:
        await engine.dispose()


async def test_a_slow_operation_leaves_a_line_without_data(
    settings: Settings, addresses: DatabaseAddresses, owner: Member
) -> None:
    slow = create_app(settings.model_copy(update={"slow_seconds": 1e-6}), addresses.application)
    async with Api.of(slow, new_place()) as api, slow.router.lifespan_context(slow):
        with capture_logs() as lines:
            asked = "query Find($text: String) { viewer { accounts(search: $text) { totalCount } } }"
            await api.read(asked, owner, text="very private")
    (line,) = [line for line in lines if line["event"] == "slow operation"]
    assert line.keys() == {"event", "log_level", "way", "cost", "duration_ms"}
    assert (line["way"], line["cost"]) == ("compiled", 3)
    assert "private" not in str(lines)
    with capture_logs() as lines:
        usual = create_app(settings, addresses.application)
        async with Api.of(usual, new_place()) as api, usual.router.lifespan_context(usual):
            await api.read("{ __typename }")
    assert not [line for line in lines if line["event"] == "slow operation"]


async def test_a_worker_serves_its_own(
    addresses: DatabaseAddresses, database: AsyncEngine, tmp_path: Path
) -> None:
    port = _free_port()
    own = {"DATABASE_URL": addresses.application, "MANDANT_METRICS_PORT": str(port)}
    job = text(
        "INSERT INTO pgq.pgqueuer (entrypoint, payload, priority, status, execute_after) "
        "SELECT 'statistics_roll_up', convert_to(concat(id, ' ', id), 'UTF8'), 1, 'queued', now() "
        "FROM (SELECT gen_random_uuid()) AS made (id)"
    )
    async with database.begin() as connection:
        await connection.execute(job)
    done = 'mandant_jobs_total{kind="statistics_roll_up",outcome="done"} '
    with running(tmp_path, "worker", **own) as worker:
        deadline, told = time.monotonic() + PATIENCE, ""
        while done not in told:
            assert worker.process.poll() is None, worker.errors
            assert time.monotonic() < deadline, (told, worker.errors)
            await asyncio.sleep(0.2)
            with suppress(httpx.HTTPError):
                told = (await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")).text
        with running(_folder(tmp_path), "worker", **own) as second:
            assert await asyncio.to_thread(second.process.wait, PATIENCE) == 1
            assert f"Cannot serve metrics on 127.0.0.1, port {port}" in second.errors
        assert worker.terminate() == 0


def _folder(path: Path) -> Path:
    made = path / "second"
    made.mkdir()
    return made


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# What the manual and its files say of the metrics.


def _metrics() -> set[str]:
    """The names of all metrics, as a sample has them without the parts of a histogram."""
    found = {
        f"{family.name}_total" if family.type == "counter" else family.name for family in REGISTRY.collect()
    }
    return {name for name in found if name.startswith("mandant_")}


def _dashboard() -> Iterator[str]:
    dashboard: dict[str, Any] = json.loads((_OPERATE / "dashboard.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "1m")


def _alerts() -> Iterator[str]:
    for group in yaml.safe_load((_OPERATE / "alerts.yml").read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
            yield rule["expr"]


def test_an_alert_tells_of_streams_before_they_are_refused() -> None:
    (bound,) = [int(each.split(">")[1]) for each in _alerts() if "mandant_streams" in each]
    assert 0 < bound < streams.MOST


EXPRESSIONS = [*_dashboard(), *_alerts()]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_expression_can_be_parsed_and_names_metrics_that_exist(expression: str) -> None:
    promql_parser.parse(expression)
    named = {_SUFFIX.sub("", name) for name in _NAME.findall(expression)}
    assert named
    assert named <= _metrics()


def test_each_metric_is_told_of_and_shown() -> None:
    rows = {row[0].strip("`"): row[1] for row in Page.of(_OPERATE / "logs.md").table("Metrics")}
    assert set(rows) == _metrics()
    shown = {_SUFFIX.sub("", name) for expression in _dashboard() for name in _NAME.findall(expression)}
    assert shown == _metrics()


async def test_answers_do_not_say_who_read_them(api: Api, owner: Member) -> None:
    """Only in debug mode they do (`tests/equality/test_payloads.py`)."""
    headers = {"Authorization": f"Bearer {owner.token}"}
    response = await api.http.post("/graphql", json={"query": "{ viewer { id } }"}, headers=headers)
    assert set(response.json()["extensions"]) == {"cost"}
