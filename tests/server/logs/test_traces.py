"""Traces, as a collector gets them: OTLP over HTTP, from real processes."""

import asyncio
import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from tests.by_day import by_night_alone
from tests.server.start.processes import PATIENCE, running
from tests.server.start.test_serve import ADDRESS
from tests.world.world import World

_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_PARENT = "00f067aa0ba902b7"
_SECRET = "a very private text"


@dataclass
class Collector:
    """What it was sent."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    bodies: list[bytes] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = (each for each in resource.resource.attributes if each.key == "service.name")
            self.services.update(each.value.string_value for each in names)
            self.spans.extend(span for scope in resource.scope_spans for span in scope.spans)

    def of(self, trace: str) -> dict[str, list[Span]]:
        """A trace's spans, by their names."""
        found: dict[str, list[Span]] = {}
        for span in self.spans:
            if span.trace_id.hex() == trace:
                found.setdefault(span.name, []).append(span)
        return found


@contextmanager
def _collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert (self.path, self.headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
            collector.take(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield collector
        server.shutdown()


def _attributes(span: Span) -> dict[str, object]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


async def test_a_request_is_traced_down_to_its_statements(
    addresses: DatabaseAddresses, world: World, tmp_path: Path
) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    query = "query Find($text: String) { viewer { accounts(search: $text) { totalCount } } }"
    mutation = "mutation Out { signOut { userErrors { code } } }"
    with _collecting() as collector:
        own = {"DATABASE_URL": addresses.application, "PORT": "0"}
        sent = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "tested"}
        with running(tmp_path, "serve", **own, **sent) as server:
            found = ADDRESS.search(await asyncio.to_thread(server.wait_for, "/graphql"))
            assert found is not None
            headers = {
                "authorization": f"Bearer {owner.token}",
                "traceparent": f"00-{_TRACE}-{_PARENT}-01",
            }
            async with httpx.AsyncClient(base_url=found.group(1), headers=headers, timeout=PATIENCE) as http:
                for body in ({"query": query, "variables": {"text": _SECRET}}, {"query": mutation}):
                    assert (await http.post("/graphql", json=body)).status_code == 200
            assert await asyncio.to_thread(server.terminate) == 0
    spans = collector.of(_TRACE)
    assert collector.services == {"tested"}
    requests = spans["POST /graphql"]
    assert [span.parent_span_id.hex() for span in requests] == [_PARENT] * 2
    assert [_attributes(span)["http.response.status_code"] for span in requests] == [200, 200]
    (asked,), (changed,) = spans["query"], spans["mutation"]
    assert {asked.parent_span_id, changed.parent_span_id} == {span.span_id for span in requests}
    assert _attributes(asked)["graphql.operation.name"] == "Find"
    parents = {span.parent_span_id for span in spans["sql"]}
    assert {asked.span_id, changed.span_id} <= parents
    assert asked.span_id in {span.parent_span_id for span in spans["compile"]}
    assert any("SELECT" in str(_attributes(span)["db.query.text"]) for span in spans["sql"])
    for secret in (_SECRET, owner.token):
        assert not any(secret.encode() in body for body in collector.bodies)


@by_night_alone
async def test_a_job_is_traced(addresses: DatabaseAddresses, database: AsyncEngine, tmp_path: Path) -> None:
    job = text(
        "INSERT INTO pgq.pgqueuer (entrypoint, payload, priority, status, execute_after) "
        "SELECT 'statistics_roll_up', convert_to(concat(id, ' ', id), 'UTF8'), 1, 'queued', now() "
        "FROM (SELECT gen_random_uuid()) AS made (id)"
    )
    async with database.begin() as connection:
        await connection.execute(job)
    with _collecting() as collector:
        own = {"DATABASE_URL": addresses.application, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with running(tmp_path, "worker", **own) as worker:
            deadline = time.monotonic() + PATIENCE
            while not any(span.name == "job statistics_roll_up" for span in collector.spans):
                assert worker.process.poll() is None, worker.errors
                assert time.monotonic() < deadline, worker.errors
                await asyncio.sleep(0.2)
            assert await asyncio.to_thread(worker.terminate) == 0
    done = next(span for span in collector.spans if span.name == "job statistics_roll_up")
    assert "sql" in {span.name for span in collector.spans if span.parent_span_id == done.span_id}
    # It looks for webhooks every second, and finds none.
    texts = [str(_attributes(span).get("db.query.text")) for span in collector.spans]
    assert not [text for text in texts if "mandant_take_webhooks" in text]


def test_without_a_collector_nothing_of_it_is_loaded() -> None:
    program = (
        "import sys; from server.settings.settings import Settings; from server.start import serve, worker;"
        "from engine.base import spans; from server.logs import traces; traces.start(None, 'mandant');"
        "assert not spans.are_collected() and spans.span('a') is spans.sql_span('b');"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert finished.stdout == "[]\n"
