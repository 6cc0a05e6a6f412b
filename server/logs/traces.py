"""Traces by OpenTelemetry, sent by OTLP over HTTP where OTEL_EXPORTER_OTLP_ENDPOINT says so.

The libraries are imported only then. They read the other OTEL_* variables themselves.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from starlette.types import Scope

from engine.base import spans

_CARRIED = {b"traceparent", b"tracestate"}
_NOTHING = nullcontext()


def start(endpoint: str | None, service_name: str) -> None:
    """Send the spans of this process to the collector at the endpoint; None: make none."""
    if endpoint is None:
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service_name}))
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    tracer = trace.get_tracer("mandant")

    def make(name: str, attributes: spans.Attributes) -> AbstractContextManager[Any]:
        # What is raised may hold a client's data: a span only tells that something was.
        return tracer.start_as_current_span(
            name, attributes=dict(attributes), record_exception=False, set_status_on_exception=False
        )

    spans.collect_by(make)


def request_span(scope: Scope, path: str) -> AbstractContextManager[Any]:
    """The span of a request, which belongs to the trace that its client names. None inside: there is none."""
    return _request_span(scope, path) if spans.are_collected() else _NOTHING


@contextmanager
def _request_span(scope: Scope, path: str) -> Iterator[Any]:
    from opentelemetry import context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carried = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in _CARRIED
    }
    token = context.attach(TraceContextTextMapPropagator().extract(carried))
    method = scope.get("method", "WEBSOCKET")
    try:
        with spans.span(f"{method} {path}", http__request__method=method, url__path=path) as span:
            yield span
    finally:
        context.detach(token)
