"""The process's metrics, in Prometheus' text format at `/metrics`."""

import enum
import os
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class ReadPath(enum.Enum):
    """The executor that read an operation's answer."""

    COMPILED = "compiled"
    REFERENCE = "reference"


OTHER = "other"
"""In place of the names of operations beyond those that are counted by themselves."""

_MOST_NAMES = 200
_FAILED = {"INTERNAL", "UNAVAILABLE", "STORAGE_FULL", "NOT_SET_UP"}
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_operations = Counter(
    "mandant_operations",
    "GraphQL requests, by the operation's name, how it was run, and how it ended.",
    ["operation", "way", "outcome"],
)
_operation_seconds = Histogram(
    "mandant_operation_seconds",
    "From a GraphQL request's first byte to the end of its answer, by how it was run.",
    ["way"],
    buckets=_SECONDS,
)
_refusals = Counter("mandant_refusals", "What was refused, by its code, in GraphQL answers.", ["code"])
_plans = Counter("mandant_plans", "Plans of compiled reads that were known, or had to be made.", ["found"])
_plans_known, _plans_made = _plans.labels(found="known"), _plans.labels(found="made")
plan_bytes = Gauge(
    "mandant_plan_bytes", "Bytes of all documents and plans that are remembered.", multiprocess_mode="livesum"
)
sql_seconds = Histogram(
    "mandant_sql_seconds", "Of one compiled read, with its wait for a connection.", buckets=_SECONDS
)
pool_wait_seconds = Histogram(
    "mandant_pool_wait_seconds",
    "Of those reads that had to wait for a connection of their pool.",
    ["pool"],
    buckets=_SECONDS,
)
jobs = Counter("mandant_jobs", "Jobs that a worker did, or that failed.", ["kind", "outcome"])
job_seconds = Histogram("mandant_job_seconds", "Of one job.", ["kind"])
deliveries = Counter(
    "mandant_deliveries",
    "Messages and mails that were handed over, and how that ended.",
    ["channel", "verdict"],
)
webhook_deliveries = Counter(
    "mandant_webhook_deliveries",
    "Tries to deliver an event to a webhook, and how they ended.",
    ["outcome"],
)
streams = Gauge(
    "mandant_streams", "Sockets and event streams that clients hold open.", multiprocess_mode="livesum"
)
watched_things = Gauge(
    "mandant_watched_things", "What is looked at every second for subscribers.", multiprocess_mode="livesum"
)
waiting_jobs = Gauge(
    "mandant_waiting_jobs",
    "Jobs in the queue that are due, by their status; of more than 100,000 in all, so many.",
    ["kind", "status"],
    multiprocess_mode="mostrecent",
)
oldest_job_seconds = Gauge(
    "mandant_oldest_job_seconds",
    "Since when the oldest one of them waits; of statistics: how far they are behind.",
    ["kind", "status"],
    multiprocess_mode="mostrecent",
)
waiting_mails = Gauge(
    "mandant_waiting_mails",
    "Mails in the outbox that are not sent; of more than 10,000, so many.",
    multiprocess_mode="mostrecent",
)
unsealed_seconds = Gauge(
    "mandant_unsealed_seconds",
    "Since when the oldest event of the log waits that has no seal yet.",
    multiprocess_mode="mostrecent",
)

_names: set[str] = set()
_counted: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
"""By the labels of an operation. To look them up in the registry would take most of the time."""


def count_plan(*, known: bool) -> None:
    """Count a look at the plans."""
    (_plans_known if known else _plans_made).inc()


def count_request(
    name: str | None, way: str, codes: Collection[str], seconds: float, *, trusted: bool
) -> None:
    """Count a GraphQL request that has ended.

    `trusted`: its caller is known, so that its operation's name may become a label: strangers could make up
    any number of names.
    """
    operation = name or "unnamed"
    if operation not in _names:
        if trusted and len(_names) < _MOST_NAMES:
            _names.add(operation)
        else:
            operation = OTHER
    outcome = "answered" if not codes else "refused" if _FAILED.isdisjoint(codes) else "failed"
    labels = operation, way, outcome
    counted = _counted.get(labels)
    if counted is None:
        counted = _counted[labels] = _operations.labels(*labels), _operation_seconds.labels(way)
    counted[0].inc()
    counted[1].observe(seconds)
    for code in codes:
        _refusals.labels(code=code).inc()


@contextmanager
def counted_together() -> Iterator[None]:
    """Processes that start inside the block share their counters through files; each reports the sum."""
    with TemporaryDirectory(prefix="mandant-metrics-") as folder:
        os.environ[_SHARED_FOLDER] = folder
        yield


_SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus_client when a process starts."""


def serve_on(host: str, port: int) -> None:
    """Serve the metrics of a process that serves nothing else, in a thread of its own. Raises OSError where
    the address cannot be used."""
    start_http_server(port, host)


def route(look: Callable[[], Awaitable[None]]) -> Route:
    """`/metrics`. `look` brings what only the database knows up to date."""

    async def metrics(request: Request) -> Response:
        await look()
        registry = REGISTRY
        if _SHARED_FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", metrics)
