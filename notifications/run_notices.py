"""Tells users that a run ended: those who asked for this run, and those who want it of all they start by hand."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Exists, OuterRef, QuerySet

from jobs.models import Run
from jobs.models.run import Cause
from jobs.states import FINAL
from notifications.composing.run import run_ended_of
from notifications.iterating import going_on
from notifications.models import Preference, RunWish, Signal
from notifications.telling import tell

BY_HAND = {Cause.ADMIN, Cause.API, Cause.CLI}


def tell_who_asked(*, now: datetime) -> Counter[str]:
    """Fulfil the wishes whose run has ended or is gone; returns {run_notices, errors}."""
    counts: Counter[str] = Counter()
    unfinished = Run.objects.filter(pk=OuterRef("run_id")).exclude(state__in=FINAL)
    wishes = list(RunWish.objects.filter(~Exists(unfinished)).select_related("user").order_by("pk"))
    runs = Run.objects.in_bulk([wish.run_id for wish in wishes])
    for wish in wishes:
        with going_on(counts, "wish not fulfilled", user_id=wish.user_id, run_id=wish.run_id):
            if run := runs.get(wish.run_id):
                counts["run_notices"] += _tell(wish.user, run, now)
            wish.delete()
    return counts


def tell_who_started(ended: QuerySet[Run], *, now: datetime) -> Counter[str]:
    """Tell owners who want it of those runs that they started by hand; returns {run_notices, errors}."""
    counts: Counter[str] = Counter()
    wanting = Preference.objects.filter(wants_run_notices=True).values("user")
    runs = list(ended.filter(cause__in=BY_HAND, parent=None, owner__in=wanting))
    users = get_user_model().objects.in_bulk({run.owner_id for run in runs})
    for run in runs:
        with going_on(counts, "owner not told", user_id=run.owner_id, run_id=run.pk):
            counts["run_notices"] += _tell(users[run.owner_id], run, now)
    return counts


def _tell(user: AbstractBaseUser, run: Run, now: datetime) -> int:
    preference = Preference.of(user)
    notice = run_ended_of(run, user=user, preference=preference)
    key = f"{Signal.Kind.RUN_ENDED}:{run.pk}:{run.finished_at:%Y%m%dT%H%M%S}"
    return int(tell(user, notice, preference=preference, kind=Signal.Kind.RUN_ENDED, key=key, now=now))
