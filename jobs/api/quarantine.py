"""Messages that could not become runs: looked at, sent again, closed; for staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from jobs import operations, queries
from jobs.api.idempotency import PARAMETER
from jobs.api.principal import once, staff_asking
from jobs.api.shapes import Limit, Listing, answers
from jobs.models import BadMessage
from jobs.models.token import Scope
from jobs.representation import message_values

router = Router(tags=["quarantine"])
CHANGE = "jobs.change_badmessage"
_IDEMPOTENT = {"parameters": [PARAMETER]}


class MessageValues(Schema):
    """A quarantined message; secrets in its headers are masked."""

    id: UUID
    reason: str
    detail: str
    job: str
    task_id: str
    queue: str
    content_type: str
    size: int
    received_at: datetime
    replayed_at: datetime | None
    discarded_at: datetime | None
    headers: Any


class WholeMessageValues(MessageValues):
    """A quarantined message with its body as text."""

    body: str


@router.get("/quarantine", response=answers(Listing[MessageValues]))
def list_messages(request: HttpRequest, limit: Limit = 100) -> Any:
    """List the messages that nobody has replayed or discarded yet, the latest first."""
    staff_asking(request, Scope.READ)
    return {"items": [message_values(message) for message in queries.open_messages(limit=limit)]}


@router.get("/quarantine/{message_id}", response=answers(WholeMessageValues))
def show_message(request: HttpRequest, message_id: UUID) -> Any:
    """Show one message: what is wrong with it, its headers and its body as text."""
    staff_asking(request, Scope.READ)
    return message_values(queries.find_message(str(message_id)), with_body=True)


@router.post("/quarantine/{message_id}/replay", response=answers(MessageValues), openapi_extra=_IDEMPOTENT)
@once
def replay_message(request: HttpRequest, message_id: UUID) -> Any:
    """Send the message to its queue again; what is still wrong with it brings it back."""
    message = _changeable(request, message_id)
    operations.replay_message(message)
    return message_values(queries.find_message(str(message_id)))


@router.post("/quarantine/{message_id}/discard", response=answers(MessageValues), openapi_extra=_IDEMPOTENT)
@once
def discard_message(request: HttpRequest, message_id: UUID) -> Any:
    """Close the message without sending it again."""
    message = _changeable(request, message_id)
    operations.discard_message(message)
    return message_values(queries.find_message(str(message_id)))


def _changeable(request: HttpRequest, message_id: UUID) -> BadMessage:
    staff_asking(request, Scope.OPERATE, CHANGE)
    return queries.find_message(str(message_id))
