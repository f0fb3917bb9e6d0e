"""What probes ask of the web process."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer that this process lives; asks nothing of the database or the broker."""
    return HttpResponse("ok\n", content_type="text/plain")
