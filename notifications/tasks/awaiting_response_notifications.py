"""awaiting_response_notifications: users learn which of their mails nobody answered for so many days, once each."""

from __future__ import annotations

from django.utils import timezone

from jobs import Concurrency, Retry, every, job
from notifications.awaiting import tell_of_unanswered, users_who_wait
from notifications.iterating import serve_each


@job(
    queue="notifications",
    schedule=every(hours=1),
    retry=Retry(3),
    concurrency=Concurrency(1, key="awaiting_response_notifications"),
)
def awaiting_response_notifications(*, user_id: int | None = None, days: int = 3) -> dict[str, int]:
    """Tell everybody, or one user, and return {users, told, already, answered_elsewhere, no_person, errors}."""
    users = users_who_wait(now=timezone.now(), days=days)
    if user_id is not None:
        users = users.filter(pk=user_id)
    return dict(serve_each(users, lambda user: tell_of_unanswered(user, now=timezone.now(), days=days)))
