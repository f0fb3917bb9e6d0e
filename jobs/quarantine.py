"""Where messages go that can't become runs: judged before anything runs, kept with their bytes, replayed on request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import structlog
from celery import current_app
from kombu.exceptions import DecodeError

from jobs import ledger, registry
from jobs.conf import Conf, conf
from jobs.dialect import patiently
from jobs.models import BadMessage
from jobs.registry import problem_of_call
from jobs.signing import HEADER as SIGNATURE
from jobs.signing import is_signed
from jobs.transport import HEADER, UNREADABLE
from jobs.wire import json_safe

if TYPE_CHECKING:
    from jobs.task import Job

log = structlog.get_logger(__name__)

Reason = BadMessage.Reason
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a message."""

    reason: str
    detail: str = ""


def fault_of(message: Any, *, limits: Conf) -> Fault | None:
    """Return what keeps a message from being handed to Celery's worker; None when nothing does.

    Our own messages only ring for a row that holds the arguments, so their bodies are not read.
    """
    body = message.body if isinstance(message.body, bytes) else str(message.body or "").encode()
    headers = message.headers if isinstance(message.headers, Mapping) else {}
    if message.content_type == UNREADABLE:
        return Fault(Reason.NOT_JSON, "the broker's item is not a message")
    if len(body) > limits.max_message_bytes:
        return Fault(Reason.OVERSIZE, f"{len(body)} bytes, {limits.max_message_bytes} allowed")
    if message.content_type != "application/json":
        return Fault(Reason.CONTENT_TYPE, f"{message.content_type!r}: only application/json is accepted")
    if headers.get(HEADER):
        return None
    signed = limits.signing_keys and not is_signed(
        headers.get(SIGNATURE),
        str(headers.get("id", "")),
        str(headers.get("task", "")),
        body,
        keys=limits.signing_keys,
    )
    if signed:
        return Fault(Reason.SIGNATURE, "not signed with one of MESSAGE_SIGNING_KEYS")
    return _fault_of_body(message, headers)


def _fault_of_body(message: Any, headers: Mapping[str, Any]) -> Fault | None:
    try:
        payload = message.decode()
    except (DecodeError, ValueError, TypeError, LookupError) as error:
        return Fault(Reason.NOT_JSON, str(error))
    if "task" not in headers:
        is_protocol_1 = isinstance(payload, dict) and isinstance(payload.get("task"), str) and "id" in payload
        return None if is_protocol_1 else Fault(Reason.WRONG_SHAPE, "no task name")
    if not isinstance(headers["task"], str) or not isinstance(headers.get("id"), str):
        return Fault(Reason.WRONG_SHAPE, "task and id must be strings")
    match payload:
        case [list() as args, dict() as kwargs, dict()]:
            return _fault_of_call(headers["task"], args, kwargs)
    return Fault(Reason.WRONG_SHAPE, "the body must be [args, kwargs, embed]")


def _fault_of_call(name: str, args: list[Any], kwargs: dict[str, Any]) -> Fault | None:
    job = cast("Job | None", current_app.tasks.get(name))
    if job is None or name.startswith("celery."):
        return None
    problem = problem_of_call(job, args, kwargs)
    return Fault(Reason.ARGUMENTS, problem) if problem else None


def keep(message: Any, fault: Fault) -> BadMessage:
    """Store the message with its bytes and the reason; raises the database's error when it stays away."""
    body = message.body if isinstance(message.body, bytes) else str(message.body or "").encode()
    headers = message.headers if isinstance(message.headers, Mapping) else {}
    row = BadMessage(
        received_at=ledger.now(),
        queue=str((message.delivery_info or {}).get("routing_key") or "")[:200],
        reason=fault.reason,
        detail=fault.detail[:2000],
        job=str(headers.get("task") or "")[:200],
        task_id=str(headers.get("id") or "")[:255],
        content_type=str(message.content_type or "")[:100],
        content_encoding=str(message.content_encoding or "")[:100],
        headers=json_safe(dict(headers)),
        properties=json_safe({"correlation_id": (message.properties or {}).get("correlation_id")}),
        body=body[: conf().max_message_bytes],
        size=len(body),
    )
    patiently(lambda: row.save(force_insert=True), seconds=_PATIENCE_SECONDS, what="quarantine")
    log.error("message quarantined", reason=fault.reason, detail=fault.detail, job=row.job, task_id=row.task_id)
    return row


def replay(bad: BadMessage) -> None:
    """Send the message's bytes to its queue again; what is still wrong with it brings it back here.

    Raises: UnknownJobError when it names a job that this code doesn't have; a broker error.
    """
    if bad.job:
        registry.find(bad.job)
    with current_app.producer_or_acquire(None) as producer:
        producer.publish(
            bytes(bad.body),
            routing_key=bad.queue,
            exchange="",
            content_type=bad.content_type,
            content_encoding=bad.content_encoding or "utf-8",
            headers=bad.headers,
            correlation_id=bad.properties.get("correlation_id"),
            retry=False,
        )
    BadMessage.objects.filter(pk=bad.pk).update(replayed_at=ledger.now())


def discard(bad: BadMessage) -> None:
    """Close the message without sending it again."""
    BadMessage.objects.filter(pk=bad.pk, replayed_at=None).update(discarded_at=ledger.now())


def as_text(bad: BadMessage) -> str:
    """Return the body as far as it can be read."""
    try:
        return json.dumps(json.loads(bytes(bad.body)), indent=2, ensure_ascii=False)
    except (ValueError, UnicodeDecodeError):
        return repr(bytes(bad.body))
