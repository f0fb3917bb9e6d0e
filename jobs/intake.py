"""The worker's consumer: every message it gets becomes a run's attempt, a run for later, or a quarantined message."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import structlog
from celery.worker.consumer import Consumer as CeleryConsumer
from django.db import Error

from jobs import ledger, quarantine
from jobs.adoption import adopt
from jobs.attempt import Message
from jobs.conf import conf
from jobs.dialect import patiently
from jobs.models import BadMessage
from jobs.quarantine import Fault
from jobs.transport import HEADER

if TYPE_CHECKING:
    from jobs.task import Job

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 5.0
_EVENTS_SECONDS = 0.1


class Consumer(CeleryConsumer):
    """Celery's consumer, which neither drops nor dies of a message, nor parks one in its memory."""

    _events_due_at = float("-inf")

    def on_send_event_buffered(self: Any) -> None:  # type: ignore[override]
        """Send the events of a moment together: one by one, they cost more than all else that a message does here."""
        if self.hub and time.monotonic() >= self._events_due_at:
            self._events_due_at = time.monotonic() + _EVENTS_SECONDS
            self.hub.call_later(_EVENTS_SECONDS, self._flush_events)

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """Return what is called with each message."""
        stock = super().create_task_handler(*args, **kwargs)

        def on_message(message: Any) -> None:
            fault = quarantine.fault_of(message, limits=conf())
            if fault is not None:
                self._quarantine(message, fault)
            elif self._is_due(message):
                stock(message)

        return on_message

    def on_unknown_message(self, body: Any, message: Any) -> None:
        """Quarantine what is no task message."""
        self._quarantine(message, Fault(BadMessage.Reason.WRONG_SHAPE, "not a task message"))

    def on_unknown_task(self, body: Any, message: Any, exc: BaseException) -> None:
        """Quarantine a foreign message for a job not known here; a run's own message is dropped, its row is parked.

        The dispatcher rings again for the row, until a worker that knows the job is deployed.
        """
        if message.headers.get(HEADER):
            log.warning("job not known here, its run waits", job=message.headers.get("task"))
            self._park(message)
            return
        self._quarantine(message, Fault(BadMessage.Reason.UNKNOWN_JOB, f"no job is called {exc}"))

    def on_invalid_task(self, body: Any, message: Any, exc: BaseException) -> None:
        """Quarantine what Celery can't turn into a request."""
        self._quarantine(message, Fault(BadMessage.Reason.WRONG_SHAPE, str(exc)))

    def on_decode_error(self, message: Any, exc: BaseException) -> None:
        """Quarantine what can't be decoded."""
        self._quarantine(message, Fault(BadMessage.Reason.NOT_JSON, str(exc)))

    def _is_due(self, message: Any) -> bool:
        """Give a foreign message its row before anything acknowledges it; one for later then waits in the database."""
        headers = message.headers or {}
        job = self._job_called(str(headers.get("task")))
        if headers.get(HEADER) or job is None:
            return True
        args, kwargs, embed = message.decode()
        foreign = Message(headers["id"], args, kwargs, {**headers, **embed, "delivery_info": message.delivery_info})
        try:
            run = patiently(lambda: adopt(job, foreign), seconds=_PATIENCE_SECONDS, what="adopt")
        except Error:
            message.requeue()
            return False
        except (ValueError, TypeError, LookupError) as error:
            self._quarantine(message, Fault(BadMessage.Reason.WRONG_SHAPE, str(error)))
            return False
        if run.run_at > ledger.now():
            message.ack_log_error(log, (Exception,))
            return False
        return True

    def _job_called(self: Any, name: str) -> Job | None:
        """Return the job; one whose module is imported only now gets what Celery makes for the others at its start."""
        job = cast("Job | None", self.app.tasks.get(name))
        if job is not None and name not in self.strategies:
            self.strategies[name] = job.start_strategy(self.app, self)
        return job

    def _park(self, message: Any) -> None:
        try:
            ledger.park(message.headers[HEADER]["run"], now=ledger.now(), reason="no worker knows this job yet")
        except Error as error:
            log.warning("could not note it; found by its age", error=str(error))
        message.ack_log_error(log, (Exception,))

    def _quarantine(self, message: Any, fault: Fault) -> None:
        try:
            quarantine.keep(message, fault)
        except Error as error:
            log.warning("quarantine not reached, message goes back", error=str(error))
            message.requeue()
            return
        message.ack_log_error(log, (Exception,))
