"""The API as a whole: who may ask, how often, which endpoints, and its description for programs and people."""

from __future__ import annotations

import json
import re
from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.throttling import AuthRateThrottle

from jobs.api import events, kept_keys, known_jobs, operating, quarantine, runs, schedule_past, schedules
from jobs.api.docs_page import DocsPage
from jobs.api.principal import BearerToken, Session
from jobs.api.problems import CONTENT_TYPE, tell_problems
from jobs.conf import conf

_UNSTORABLE = re.compile(r"\\u0000|[\ud800-\udfff]")
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


class StorableJson(Parser):
    """Reads JSON objects that a database can keep; no endpoint takes another kind of value.

    Null stands for no body, which every endpoint but a PATCH can do without or refuses by itself.
    """

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body's value.

        Raises: ValueError when it is no JSON object, or holds a NUL or half a surrogate pair.
        """
        value = json.loads(request.body, parse_constant=_no_constant)
        if not isinstance(value, dict) and (value is not None or request.method == "PATCH"):
            raise ValueError("it is no object")
        if _UNSTORABLE.search(json.dumps(value, ensure_ascii=False)):
            raise ValueError("it holds a character that no database keeps")
        return value


class Throttle(AuthRateThrottle):
    """So many requests a minute per user and web process; over that 429 with Retry-After."""

    def __init__(self) -> None:
        super().__init__("1/min")

    def allow_request(self, request: HttpRequest) -> bool:
        """Return whether the user has requests left in this minute."""
        self.num_requests = conf().api_requests_per_minute
        return super().allow_request(request)


class Api(NinjaAPI):
    """Ninja's API with problems in its description."""

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        """Return the OpenAPI description; problems have their own content type."""
        schema = super().get_openapi_schema(**given)
        for path in schema["paths"].values():
            for method, operation in path.items():
                if method in _METHODS:
                    _say_problems(operation)
        return schema


def _say_problems(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        if int(status) >= 400 and "content" in response:
            response["content"] = {CONTENT_TYPE: response["content"]["application/json"]}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


api = Api(
    title="Daybook",
    version="1",
    description="Background jobs: run them, look at them, operate them. Errors are problem details (RFC 9457).",
    urls_namespace="api",
    docs=DocsPage(),
    auth=[BearerToken(), Session()],
    throttle=Throttle(),
    parser=StorableJson(),
)
tell_problems(api)
for part in (known_jobs, runs, schedules, schedule_past, operating, kept_keys, quarantine, events):
    api.add_router("", part.router)
