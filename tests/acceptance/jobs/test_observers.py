"""Traces and errors leave a real worker: one trace from request to child run, errors without their arguments."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from jobs import observing, tokens
from jobs.models import Run
from jobs.models.token import Scope
from project.observers.traces import TraceObserver
from tests.acceptance.jobs.conftest import Engine
from tests.plugins.polling import poll
from tests.tasks_for_tests import fails_until

pytestmark = [pytest.mark.broker, pytest.mark.req("SW-3", "PW-8"), pytest.mark.timeout(240)]
TRACES, ERRORS = "/v1/traces", "/api/7/envelope/"


class Collector:
    """What arrived at a collector of traces and at an error tracker."""

    def __init__(self, server: HTTPServer) -> None:
        self.spans: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.texts: list[str] = []
        server.expect_request(TRACES).respond_with_handler(self._take_spans)
        server.expect_request(ERRORS).respond_with_handler(self._take_errors)
        base = server.url_for("")
        self.settings: dict[str, Any] = {
            "OTLP_ENDPOINT": base,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "SENTRY_DSN": f"{base.replace('://', '://public@')}/7",
        }

    def of_run(self, run_id: object) -> list[dict[str, Any]]:
        """Return the spans of a run's attempts."""
        return [span for span in self.spans if span["run"] == str(run_id)]

    def _take_spans(self, request: Request) -> Response:
        sent = ExportTraceServiceRequest.FromString(_body(request))
        spans = [s for r in sent.resource_spans for scope in r.scope_spans for s in scope.spans]
        self.spans += [_told(span) for span in spans]
        self.texts.append(str(sent))
        return Response(b"", content_type="application/x-protobuf")

    def _take_errors(self, request: Request) -> Response:
        body = _body(request)
        self.texts.append(body.decode())
        lines = [json.loads(line) for line in body.splitlines() if line]
        self.errors += [line for line in lines if "exception" in line]
        return Response("{}", content_type="application/json")


def _body(request: Request) -> bytes:
    data = request.get_data()
    return gzip.decompress(data) if request.headers.get("Content-Encoding") == "gzip" else data


def _told(span: Any) -> dict[str, Any]:
    values = {item.key: item.value.string_value or item.value.int_value for item in span.attributes}
    return {
        "name": span.name,
        "trace": span.trace_id.hex(),
        "id": span.span_id.hex(),
        "parent": span.parent_span_id.hex(),
        "run": values.get("messaging.message.id", ""),
        "attempt": values.get("daybook.attempt", 0),
        "is_error": span.status.code == 2,
    }


@pytest.fixture
def collector(httpserver: HTTPServer) -> Collector:
    """Where the worker under test sends to."""
    return Collector(httpserver)


@pytest.fixture
def spans_here(settings: Any) -> Iterator[InMemorySpanExporter]:
    """Trace this process too, as a web process with OTLP_ENDPOINT is."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    observer = TraceObserver(provider)
    settings.MIDDLEWARE = ["project.observers.traces.TraceRequests", *settings.MIDDLEWARE]
    observing.observe_with(observer)
    yield kept
    observing.forget(observer)


def test_one_trace_goes_from_the_request_through_the_run_to_its_children(
    engine: Engine, own_queue: str, collector: Collector, spans_here: InMemorySpanExporter
) -> None:
    worker = engine.start_worker(queues=own_queue, **collector.settings)
    caller = "0af7651916cd43dd8448eb211c80319c"
    user = User.objects.create_superuser(uuid.uuid4().hex[:12])
    _, secret = tokens.make(user=user, name="t", scopes=Scope.values, days=1, now=timezone.now())
    headers = {"Authorization": f"Bearer {secret}", "traceparent": f"00-{caller}-b7ad6b7169203331-01"}
    path = "/api/v1/jobs/spawns_in_maintenance/runs"
    answer = Client().post(path, {"args": {}}, content_type="application/json", headers=headers)
    assert answer.status_code == 202, answer.content
    parent_id = answer.json()["id"]
    children = poll(lambda: list(Run.objects.filter(parent=parent_id, state="SUCCESS")), within=60)
    assert {child.is_packed for child in children} == {True}
    [request] = [span for span in spans_here.get_finished_spans() if span.name.startswith("POST")]
    assert request.name == "POST /api/v1/jobs/<name>/runs"
    assert (request.attributes or {})["http.response.status_code"] == 202
    poll(lambda: all(collector.of_run(pk) for pk in (parent_id, *(child.pk for child in children))), within=30)
    [parent] = collector.of_run(parent_id)
    assert (parent["name"], parent["trace"]) == ("run spawns_in_maintenance", caller)
    assert parent["parent"] == f"{request.context.span_id:016x}"
    for child in children:
        [span] = collector.of_run(child.pk)
        assert (span["trace"], span["parent"], span["is_error"]) == (caller, parent["id"], False)
    assert worker.stop() == 0


def test_every_attempt_belongs_to_the_trace_that_enqueued_the_run(
    engine: Engine, own_queue: str, collector: Collector, spans_here: InMemorySpanExporter
) -> None:
    engine.start_worker(queues=own_queue, **collector.settings)
    result = fails_until.apply_async((3,), queue=own_queue)
    assert result.get(timeout=60) == 3
    [made] = spans_here.get_finished_spans()
    assert made.name == "enqueue fails_until"
    spans = poll(lambda: found if len(found := collector.of_run(result.id)) == 3 else [], within=30)
    assert [(span["attempt"], span["is_error"]) for span in sorted(spans, key=lambda span: span["attempt"])] == [
        (1, True),
        (2, True),
        (3, False),
    ]
    context = made.context
    assert context
    places = {(span["trace"], span["parent"]) for span in spans}
    assert places == {(f"{context.trace_id:032x}", f"{context.span_id:016x}")}


def test_a_final_failure_is_told_with_its_ids_and_without_its_arguments(
    engine: Engine, own_queue: str, collector: Collector
) -> None:
    engine.start_worker(queues=own_queue, **collector.settings)
    code, password = f"c0de{uuid.uuid4().hex}", f"pa55{uuid.uuid4().hex}"
    url = f"imaps://anna:{password}@127.0.0.1:9/INBOX"
    task = engine_task("tells_everything")
    results = {kind: task.apply_async((code, url, kind), queue=own_queue) for kind in ("retries", "fails")}
    rows = {kind: engine.ended(result, within=60) for kind, result in results.items()}
    assert {kind: row.state for kind, row in rows.items()} == {"retries": "SUCCESS", "fails": "FAILED"}
    lost = engine_task("kills_itself").apply_async(queue=own_queue)
    assert engine.ended(lost, within=90).error_kind == "LOST"
    wanted = {str(rows["fails"].pk), str(lost.id)}
    poll(lambda: {event["tags"]["run_id"] for event in collector.errors} == wanted, within=30)
    event = next(event for event in collector.errors if event["tags"]["job"] == "tells_everything")
    assert event["tags"]["correlation_id"] == rows["fails"].correlation_id
    error = event["exception"]["values"][-1]
    assert error["type"] == rows["fails"].error_kind
    frames = error["stacktrace"]["frames"]
    assert frames and not [frame for frame in frames if "vars" in frame or "context_line" in frame]
    # Spans tell of the same errors.
    poll(lambda: collector.of_run(rows["fails"].pk), within=30)
    assert [word for word in (code, password, code[::-1]) if any(word in text for text in collector.texts)] == []


def engine_task(name: str) -> Any:
    return fails_until.app.tasks[name]
