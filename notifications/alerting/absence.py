"""Tells operators that no worker is there: called by beat, since without a worker no job can."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from jobs import health
from notifications.alerting.raising import raise_alert
from notifications.alerting.telling import tell_operators
from notifications.delivering import deliver
from notifications.models import Alert, Delivery, Watermark

NAME = "workers"
PATIENCE = timedelta(minutes=2)


def watch_absence(*, now: datetime) -> int:
    """Tell operators when work has had no worker for two minutes; returns how many alerts were told."""
    problem = worker_problem()
    if not problem:
        Watermark.objects.filter(name=NAME).delete()
        return 0
    mark, _ = Watermark.objects.get_or_create(name=NAME, defaults={"at": now})
    if now - mark.at < PATIENCE:
        return 0
    raise_alert(Alert.Kind.NO_WORKER, NAME, problem[:1].upper() + problem[1:], now=now)
    told = tell_operators(now=now)
    deliver(Delivery.objects.due(timezone.now()).to_nobody_here(), unavailable=set())
    return told


def worker_problem() -> str:
    """Return which queues hold work without a worker, or that none reports; empty when all is well."""
    return health.report(["workers"])["workers"].problem
