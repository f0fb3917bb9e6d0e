"""daily_briefing: between 07:00 and 08:59 where they are, each user learns what the day holds, once per local date."""

from __future__ import annotations

from django.utils import timezone

from jobs import Concurrency, Retry, every, job
from notifications.briefing import brief, users_to_brief
from notifications.iterating import serve_each


@job(
    queue="notifications",
    schedule=every(minutes=5),
    retry=Retry(3),
    concurrency=Concurrency(1, key="daily_briefing"),
)
def daily_briefing(*, user_id: int | None = None, at_any_hour: bool = False) -> dict[str, int]:
    """Brief everybody whose hour it is, or one user, and return {users, told, not_now, already, errors}.

    After downtime it catches up as long as it is not 09:00 there. `at_any_hour` is for a person who wants it now.
    """
    users = users_to_brief()
    if user_id is not None:
        users = users.filter(pk=user_id)
    return dict(serve_each(users, lambda user: brief(user, now=timezone.now(), at_any_hour=at_any_hour)))
