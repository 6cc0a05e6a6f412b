"""The process's metrics, in Prometheus' text format at `/metrics`."""

import enum
import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class ReadPath(enum.Enum):
    """The executor that read an operation's answer."""

    COMPILED = "compiled"
    REFERENCE = "reference"


_operations = Counter(
    "mandant_graphql_operations",
    "GraphQL operations that ran, by the executor that read the answer; of a mutation: its payload.",
    ["executor"],
)
_by_path = {path: _operations.labels(executor=path.value) for path in ReadPath}


def count_operation(path: ReadPath) -> None:
    """Count one operation that ran to its end."""
    _by_path[path].inc()


@contextmanager
def counted_together() -> Iterator[None]:
    """Processes that start inside the block share their counters through files; each reports the sum."""
    with TemporaryDirectory(prefix="mandant-metrics-") as folder:
        os.environ[_SHARED_FOLDER] = folder
        yield


_SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus_client when a process starts."""


async def _metrics(request: Request) -> Response:
    registry = REGISTRY
    if _SHARED_FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


route = Route("/metrics", _metrics)
