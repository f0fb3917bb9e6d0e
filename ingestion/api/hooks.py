"""Where providers tell of changes; their form is the providers', so they don't stand in the API's description."""

from __future__ import annotations

import json
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ingestion.push.google_tokens import NotGoogleError, verify_push_token
from ingestion.push.notices import BadNoticeError, take_gmail_notice, take_graph_notices
from jobs.api.problems import problem

LONGEST_ECHO = 2000

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def gmail(request: HttpRequest) -> HttpResponse:
    """Take a push of Pub/Sub, which is verified by its token; what can't be read is acknowledged, not sent again."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    try:
        verify_push_token(token)
    except NotGoogleError as error:
        log.warning("push refused", reason=str(error))
        return problem(401, "The push's token is not good.")
    try:
        take_gmail_notice(_json(request))
    except BadNoticeError as error:
        log.warning("push passed over", reason=str(error))
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def outlook(request: HttpRequest) -> HttpResponse:
    """Take notices of Microsoft Graph, each verified by its secret; echo the token of a new subscription as text."""
    echo = request.GET.get("validationToken")
    if echo is not None:
        if len(echo) > LONGEST_ECHO:
            return problem(400, "The validation token is too long.")
        return HttpResponse(echo, content_type="text/plain; charset=utf-8")
    try:
        take_graph_notices(_json(request))
    except BadNoticeError as error:
        return problem(400, str(error))
    return HttpResponse(status=202)


def _json(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise BadNoticeError("no JSON") from None
