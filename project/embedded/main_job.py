"""The main job of a first start: the sample mailbox is ingested, understood and notified of, through the broker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from jobs import operations
from jobs.models import Run
from jobs.models.run import Cause
from jobs.states import State

STEPS: dict[str, dict[str, Any]] = {
    "ingest_emails": {},
    "ingest_calendar_events": {},
    "classify_emails": {},
    "process_threads": {},
    "extract_transactions": {},
    "pre_meeting_prep": {"look_ahead_minutes": 60},
    "commitment_reminders": {},
    "daily_briefing": {"at_any_hour": True},
    "send_notifications": {},
}
LAST_STEP = "send_notifications"


class StepFailedError(Exception):
    """A step of the main job did not succeed; its run says why."""


def until_notified(user: AbstractBaseUser) -> Iterator[str]:
    """Run each step for the user when the one before has ended with all its children; yields the step it waits for.

    Does nothing where an earlier start got to the end.

    Raises:
        StepFailedError: a step ended otherwise than in success.
    """
    if Run.objects.filter(job=LAST_STEP, owner_id=user.pk, state=State.SUCCESS).exists():
        return
    for name, arguments in STEPS.items():
        run, _ = operations.enqueue(name, {"user_id": user.pk, **arguments}, cause=Cause.CODE, owner=user)
        family = Run.objects.filter(correlation_id=run.correlation_id)
        while family.unfinished().exists():
            yield name
        for ended in family.exclude(state=State.SUCCESS):
            raise StepFailedError(f"{ended} {ended.state}: {ended.error_kind} {ended.error_message or ended.reason}")
