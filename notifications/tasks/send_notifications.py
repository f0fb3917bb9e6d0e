"""send_notifications: users are told of important mail, in their inbox and through their channels, once per mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q
from django.utils import timezone

from jobs import Concurrency, Retry, every, job
from notifications.account_notices import tell_of_accounts, users_with_notices
from notifications.conf import conf
from notifications.deadlines import mail_with_deadlines, remind_of_deadlines
from notifications.delivering import deliver, reclaim_cut_off
from notifications.iterating import each, going_on
from notifications.models import Delivery
from notifications.paced_delivery import deliver_due
from notifications.signalling import signal_important_mail, unsignalled_mail

COUNTED = ("users", "signals", "reminders", "errors")
OUTCOMES = ("sent", "bundled", "retrying", "failed", "uncertain", "waiting", "held")


@job(
    queue="notifications",
    schedule=every(minutes=conf().interval_minutes),
    retry=Retry(3),
    concurrency=Concurrency(1, key="send_notifications"),
)
def send_notifications(*, user_id: int | None = None) -> dict[str, int]:
    """Tell users, or one user, of important mail they don't know of, send what is due, and return the counts.

    What one user's mail or address does wrong is counted as an error and keeps nobody else waiting.
    """
    now = timezone.now()
    counts: Counter[str] = Counter(dict.fromkeys(COUNTED + OUTCOMES, 0))
    counts["cut_off"] = reclaim_cut_off(now=now)
    unavailable: set[str] = set()
    for user in _users(user_id, now=now):
        with structlog.contextvars.bound_contextvars(user_id=user.pk):
            counts.update(_serve(user, now=now, unavailable=unavailable))
    if user_id is None:
        counts.update(deliver(Delivery.objects.due(timezone.now()).to_nobody_here(), unavailable=unavailable))
    return dict(counts)


def _serve(user: AbstractBaseUser, *, now: datetime, unavailable: set[str]) -> Counter[str]:
    counts: Counter[str] = Counter(users=1)
    steps: list[Callable[[], Counter[str]]] = [
        lambda: signal_important_mail(user, now=now),
        lambda: remind_of_deadlines(user, now=now),
        lambda: tell_of_accounts(user, now=now),
        lambda: deliver_due(user, now=timezone.now(), unavailable=unavailable),
    ]
    for step in steps:
        with going_on(counts, "user not served"):
            counts.update(step())
    return counts


def _users(user_id: int | None, *, now: datetime) -> Iterable[AbstractBaseUser]:
    due = Delivery.objects.due(now)
    concerned = (
        Q(pk__in=unsignalled_mail(now=now).values("account__owner"))
        | Q(pk__in=mail_with_deadlines(now=now).values("account__owner"))
        | Q(pk__in=users_with_notices())
        | Q(pk__in=due.filter(signal__isnull=False).values("signal__user"))
        | Q(pk__in=due.filter(user__isnull=False).values("user"))
    )
    users = get_user_model().objects.filter(concerned, is_active=True)
    if user_id is not None:
        users = users.filter(pk=user_id)
    return each(users)
