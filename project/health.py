"""What probes ask of the web process."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from jobs import health


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer that this process lives; asks nothing of the database or the broker."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer whether work goes through: database, broker, beat, workers and schedules, with their ages."""
    checks = health.report()
    return JsonResponse(health.as_json(checks), status=200 if health.is_ready(checks) else 503)
