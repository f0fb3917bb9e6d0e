"""`/metrics`, for staff: by token or by session."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja.errors import HttpError

from jobs import metrics
from jobs.api.principal import authenticated
from jobs.api.problems import problem
from jobs.models.token import Scope


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Answer every metric in Prometheus' text format."""
    try:
        who = authenticated(request)
    except HttpError:
        who = None
    if who is None:
        return problem(401, "Send Authorization: Bearer with a token in force, or log in.")
    if not who.user.is_staff or Scope.READ not in who.scopes:
        return problem(403, "This is for staff, by a token with the scope read.")
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)
