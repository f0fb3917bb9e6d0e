"""commitment_reminders: users are reminded of to-dos that fall due in the next 24 hours, once each."""

from __future__ import annotations

from django.utils import timezone

from jobs import Concurrency, Retry, every, job
from notifications.commitments import remind, users_with_todos
from notifications.iterating import serve_each


@job(
    queue="notifications",
    schedule=every(minutes=15),
    retry=Retry(3),
    concurrency=Concurrency(1, key="commitment_reminders"),
)
def commitment_reminders(*, user_id: int | None = None) -> dict[str, int]:
    """Remind everybody, or one user, and return {users, told, not_now, already, errors}."""
    users = users_with_todos(now=timezone.now())
    if user_id is not None:
        users = users.filter(pk=user_id)
    return dict(serve_each(users, lambda user: remind(user, now=timezone.now())))
