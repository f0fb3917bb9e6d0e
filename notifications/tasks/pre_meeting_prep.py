"""pre_meeting_prep: users are prepared for meetings that start soon, once per event and change."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from jobs import Concurrency, Retry, every, job
from notifications.iterating import serve_each
from notifications.meetings import prepare, users_with_events


@job(
    queue="notifications",
    schedule=every(minutes=5),
    retry=Retry(3),
    concurrency=Concurrency(1, key="pre_meeting_prep"),
)
def pre_meeting_prep(*, user_id: int | None = None, look_ahead_minutes: int = 30) -> dict[str, int]:
    """Tell of events that start within the look-ahead and return {users, told, already, errors}."""
    ahead = timedelta(minutes=look_ahead_minutes)
    users = users_with_events(now=timezone.now(), look_ahead=ahead)
    if user_id is not None:
        users = users.filter(pk=user_id)
    return dict(serve_each(users, lambda user: prepare(user, now=timezone.now(), look_ahead=ahead)))
