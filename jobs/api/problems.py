"""Errors of the API as problem details (RFC 9457); a client learns what to do, never what the server is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from jobs import operations, queries
from jobs.errors import ArgumentsError, DaybookError, RefusedError, RuleError, UnknownJobError
from jobs.keyset import BadCursorError

CONTENT_TYPE = "application/problem+json"
BASE = "/api/"
STATUSES = frozenset({400, 401, 403, 404, 409, 422, 429})
_NOT_THERE = (
    UnknownJobError,
    queries.NoSuchRunError,
    queries.NoSuchQueueError,
    queries.NoSuchScheduleError,
    queries.NoSuchMessageError,
    queries.NoSuchChangeError,
)


class Misfit(Schema):
    """One part of a request that can't be used."""

    at: str
    problem: str


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[Misfit] = []


class ProblemError(DaybookError):
    """An error with its HTTP status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def problem(status: int, detail: str = "", *, errors: list[dict[str, str]] | None = None) -> HttpResponse:
    """Return the response that tells the problem."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    response = HttpResponse(json.dumps({**body, "errors": errors or []}), status=status, content_type=CONTENT_TYPE)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="daybook"'
    return response


def tell_problems(api: NinjaAPI) -> None:
    """Make the API answer each error as a problem."""
    statuses: list[tuple[type[Exception], int]] = [
        *((kind, 404) for kind in _NOT_THERE),
        (ArgumentsError, 422),
        (RuleError, 422),
        (operations.BadScheduleError, 422),
        (BadCursorError, 422),
        (RefusedError, 409),
    ]
    for kind, status in statuses:
        api.add_exception_handler(kind, _teller(status))
    for told, handler in _OWN_WAYS.items():
        api.add_exception_handler(told, handler)


class ProblemPages:
    """Middleware that turns what Django itself answers under /api/ (404, 405, 500) into problems, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does, or with a problem."""
        if not request.path.startswith(BASE):
            return self._get_response(request)
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return problem(400, "A NUL character can't be used.")
        response = self._get_response(request)
        if response.status_code < 400 or "json" in response.get("Content-Type", ""):
            return response
        told = problem(response.status_code)
        for header in ("Allow", "Retry-After"):
            if header in response:
                told[header] = response[header]
        return told


def _teller(status: int) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda _, error: problem(status, str(error))


def _misfits(error: ValidationError) -> list[dict[str, str]]:
    return [{"at": ".".join(str(part) for part in item["loc"]), "problem": item["msg"]} for item in error.errors]


_OWN_WAYS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    ProblemError: lambda _, error: problem(error.status, str(error)),
    ValidationError: lambda _, error: problem(422, "The request does not fit.", errors=_misfits(error)),
    HttpError: lambda _, error: problem(error.status_code, str(error)),
    AuthenticationError: lambda *_: problem(401, "Send Authorization: Bearer with a token in force, or log in."),
}
