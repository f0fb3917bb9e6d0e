"""A POST with an Idempotency-Key happens once: its repetition within a day gets the first one's answer.

After draft-ietf-httpapi-idempotency-key-header: another request under the same key is refused (422).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from ninja.decorators import decorate_view
from ninja.errors import HttpError

from jobs.api.problems import problem
from jobs.models import KeptReply
from jobs.models.token import KEPT

HEADER = "Idempotency-Key"
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "Any text of yours; the same request with the same key within a day happens once.",
}
View = Callable[..., HttpResponseBase]


def idempotent(authenticate: Callable[[HttpRequest], Any]) -> Callable[[Any], Any]:
    """Return the decorator of an endpoint that honours the header; `authenticate` says who asks, or None."""

    def honouring(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            key = request.headers.get(HEADER)
            if key is None:
                return view(request, *args, **kwargs)
            if not 1 <= len(key) <= 200 or not key.isascii() or not key.isprintable():
                return problem(422, f"{HEADER} must be 1 to 200 printable ASCII characters.")
            try:
                who = authenticate(request)
            except HttpError:
                who = None
            if who is None:
                # The view itself says what is missing.
                return view(request, *args, **kwargs)
            return _once(lambda: view(request, *args, **kwargs), request, user=who.user, key=key)

        return answer

    return decorate_view(honouring)


def _once(act: Callable[[], HttpResponseBase], request: HttpRequest, *, user: Any, key: str) -> HttpResponseBase:
    asked = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    digest = hashlib.sha256(asked).hexdigest()
    with transaction.atomic():
        KeptReply.objects.filter(user=user, key=key, created_at__lt=timezone.now() - KEPT).delete()
        try:
            with transaction.atomic():
                # Another request with the key waits here until this one has ended.
                reply = KeptReply.objects.create(user=user, key=key, request_digest=digest, created_at=timezone.now())
        except IntegrityError:
            return _again(KeptReply.objects.get(user=user, key=key), digest)
        response = act()
        if response.status_code >= 400 or not isinstance(response, HttpResponse):
            # Refused, nothing happened: the same key may be tried again.
            reply.delete()
            return response
        reply.status, reply.body = response.status_code, response.content.decode()
        reply.save(update_fields=["status", "body"])
        return response


def _again(reply: KeptReply, digest: str) -> HttpResponse:
    if reply.request_digest != digest:
        return problem(422, f"This {HEADER} was used for another request.")
    response = HttpResponse(reply.body, status=reply.status, content_type="application/json")
    response["Idempotent-Replay"] = "true"
    return response
