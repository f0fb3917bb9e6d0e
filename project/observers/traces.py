"""One OpenTelemetry trace from the HTTP request through the run to its child runs, whatever process performs them.

A run's row carries the W3C trace context of its maker, so retries, packs and schedules belong to it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest, HttpResponseBase

from jobs import observing
from jobs.models import Run
from jobs.observing import Observer

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

CARRIED = ("traceparent", "tracestate")
SERVICE = "daybook"
EXPORT_SECONDS = 5
# What an exception says may be a secret: attempts are marked by attempt_failed, with a masked text.
_UNSEEN: dict[str, Any] = {"record_exception": False, "set_status_on_exception": False}


class TraceObserver(Observer):
    """Makes a span of every attempt, within the trace of whoever enqueued the run."""

    def __init__(self, provider: TracerProvider) -> None:
        """Record with this provider."""
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._api = trace
        self._provider = provider
        self._propagator = TraceContextTextMapPropagator()
        self.tracer: Tracer = provider.get_tracer(SERVICE)

    def headers(self, job: str) -> Mapping[str, str]:
        """Return the context of the span under way, or of a new one where a run begins a trace of its own."""
        carrier: dict[str, str] = {}
        if self._api.get_current_span().get_span_context().is_valid:
            self._propagator.inject(carrier)
            return carrier
        with self.tracer.start_as_current_span(f"enqueue {job}", kind=self._api.SpanKind.PRODUCER):
            self._propagator.inject(carrier)
        return carrier

    def attempting(self, run: Run) -> AbstractContextManager[object]:
        """Return the span of an attempt; each attempt of a run is a child of the span that enqueued it."""
        brought = run.options.get("headers") or {}
        carrier = {name: str(brought[name]) for name in CARRIED if name in brought}
        return self.tracer.start_as_current_span(
            f"run {run.job}",
            context=self._propagator.extract(carrier),
            kind=self._api.SpanKind.CONSUMER,
            attributes={
                "messaging.system": "celery",
                "messaging.destination.name": run.queue,
                "messaging.message.id": str(run.pk),
                "daybook.job": run.job,
                "daybook.attempt": run.attempt,
                "daybook.correlation_id": run.correlation_id,
            },
            **_UNSEEN,
        )

    def attempt_failed(self, error: BaseException) -> None:
        """Mark the attempt's span: type and masked message; no traceback, whose texts nobody has masked."""
        self._mark(type(error).__name__, str(error))

    def _mark(self, kind: str, said: str) -> None:
        span = self._api.get_current_span()
        span.set_status(self._api.StatusCode.ERROR, f"{kind}: {said}"[:500])
        span.add_event("exception", {"exception.type": kind, "exception.message": said[:500]})

    @contextmanager
    def request(self, request: HttpRequest) -> Iterator[Any]:
        """Surround a request, within the trace that its headers name."""
        carrier = {name: request.headers[name] for name in CARRIED if name in request.headers}
        with self.tracer.start_as_current_span(
            f"{request.method}",
            context=self._propagator.extract(carrier),
            kind=self._api.SpanKind.SERVER,
            attributes={"http.request.method": request.method or "", "url.scheme": request.scheme or ""},
            **_UNSEEN,
        ) as span:
            yield span

    def flush(self) -> None:
        """Export what is waiting."""
        cast("Any", self._provider).force_flush(EXPORT_SECONDS * 1000)


class TraceRequests:
    """Middleware: a span per request, named by its route; the path itself may hold a secret."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request within its span."""
        found = next((each for each in observing.observers() if isinstance(each, TraceObserver)), None)
        if found is None:
            return self._get_response(request)
        with found.request(request) as span:
            response = self._get_response(request)
            route = request.resolver_match.route if request.resolver_match else ""
            span.update_name(f"{request.method} /{route}")
            span.set_attribute("http.route", f"/{route}")
            span.set_attribute("http.response.status_code", response.status_code)
            return response


def exporting_tracer(endpoint: str) -> TracerProvider:
    """Return a provider that sends spans to an OTLP/HTTP endpoint such as http://collector:4318.

    The service's name, sampling and headers follow OpenTelemetry's own variables (OTEL_SERVICE_NAME ...).
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider as Provider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({SERVICE_NAME: SERVICE}).merge(OTELResourceDetector().detect())
    provider = Provider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
